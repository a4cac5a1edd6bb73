# CUDA's compiler, where there is one: CMAKE_CUDA_COMPILER is set then, and CFGTOOL_CUDA_ARCHITECTURES says what our GPU code
# is compiled for. `-DCMAKE_CUDA_COMPILER=NOTFOUND` builds without it.
include(CheckLanguage)
if(NOT DEFINED ENV{CUDACXX} AND CUDAToolkit_NVCC_EXECUTABLE)
  set(ENV{CUDACXX} ${CUDAToolkit_NVCC_EXECUTABLE})  # also where it is not on PATH
endif()
check_language(CUDA)
if(NOT CMAKE_CUDA_COMPILER)
  message(STATUS "GPU: no nvcc found; the plugin cuda_eager is not built")
  return()
endif()

set(CMAKE_CUDA_ARCHITECTURES OFF)  # each target says its own
enable_language(CUDA)
# CMake 3.25 does not know that nvcc 12 and later take C++20. (After enable_language, which would overwrite it.)
if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
  set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION -std=c++20)
endif()
set(CMAKE_CUDA_STANDARD 20)
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
set(CMAKE_CUDA_EXTENSIONS OFF)
set(CMAKE_CUDA_VISIBILITY_PRESET hidden)
set(CMAKE_CUDA_RUNTIME_LIBRARY Static)
set(CMAKE_CUDA_SEPARABLE_COMPILATION OFF)

# The one list of architectures: of these, what the toolkit knows; and PTX of the newest for those to come.
set(wanted 70 75 80 86 89 90 100 110 120)
execute_process(COMMAND ${CMAKE_CUDA_COMPILER} --list-gpu-arch OUTPUT_VARIABLE known COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[0-9]+" known "${known}")
list(SORT known COMPARE NATURAL)
list(GET known 0 CFGTOOL_CUDA_OLDEST_ARCHITECTURE)
set(CFGTOOL_CUDA_ARCHITECTURES "")
foreach(architecture ${wanted})
  if(architecture IN_LIST known)
    list(APPEND CFGTOOL_CUDA_ARCHITECTURES ${architecture})
  endif()
endforeach()
message(STATUS "GPU: nvcc ${CMAKE_CUDA_COMPILER_VERSION} compiles for ${CFGTOOL_CUDA_ARCHITECTURES}")

# cfgtool_cuda_architectures(TARGET): code for each of them, PTX of the newest.
function(cfgtool_cuda_architectures target)
  list(TRANSFORM CFGTOOL_CUDA_ARCHITECTURES APPEND -real OUTPUT_VARIABLE all)
  list(GET CFGTOOL_CUDA_ARCHITECTURES -1 newest)
  set_target_properties(${target} PROPERTIES CUDA_ARCHITECTURES "${all};${newest}-virtual")
endfunction()
