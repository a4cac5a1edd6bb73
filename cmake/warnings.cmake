# cfgtool_compile_options(TARGET): the warnings, and in a sanitizer build the sanitizers, that all of our own code is compiled with.
function(cfgtool_compile_options target)
  set(warnings -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Werror)
  # nvcc's own, and g++'s for what nvcc hands on to it, which -Wpedantic finds fault with.
  set(cuda_warnings --Werror=all-warnings -Xcompiler=-Wall,-Wextra,-Werror)
  target_compile_options(${target} PRIVATE "$<$<NOT:$<COMPILE_LANGUAGE:CUDA>>:${warnings}>" "$<$<COMPILE_LANGUAGE:CUDA>:${cuda_warnings}>")
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ 12 reports these in inlined code of the standard library and of nlohmann_json (GCC bugs 105329, 105562, 105651).
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict -Wno-stringop-overflow -Wno-maybe-uninitialized>)
  endif()
  if(CFGTOOL_SANITIZE)
    set(sanitizers -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
    target_compile_options(${target} PRIVATE "$<$<NOT:$<COMPILE_LANGUAGE:CUDA>>:${sanitizers}>")
    target_link_options(${target} PRIVATE -fsanitize=address,undefined)
  endif()
endfunction()
