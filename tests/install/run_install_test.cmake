# cmake -D BUILD=… -D SOURCE=… -D WORK=… -D COMPILE_FLAGS=… -P run_install_test.cmake
# Installs the project, then configures, builds and runs programs that know the installed files only.
cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  list(JOIN ARGN " " line)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "failed (${status}): ${line}\n${output}")
  endif()
  message(STATUS "fine: ${line}")
endfunction()

set(prefix ${WORK}/prefix)
file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${prefix})
run(${prefix}/bin/cfgtool --version)

# build_outside(FOLDER): copied first, so that nothing of it can reach into the project.
function(build_outside folder)
  get_filename_component(name ${folder} NAME)
  file(COPY ${folder} DESTINATION ${WORK}/outside)
  run(${CMAKE_COMMAND} -G Ninja -S ${WORK}/outside/${name} -B ${WORK}/build/${name} -D CMAKE_BUILD_TYPE=Debug
      -D CMAKE_PREFIX_PATH=${prefix} -D CMAKE_INSTALL_PREFIX=${prefix}
      "-DCMAKE_C_FLAGS=-Wall -Wextra -Wpedantic -Werror ${COMPILE_FLAGS}"
      "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Wpedantic -Werror ${COMPILE_FLAGS}")
  run(${CMAKE_COMMAND} --build ${WORK}/build/${name})
endfunction()

# The embedding example, with its own tests.
build_outside(${SOURCE}/examples/embedded_parser)
run(${CMAKE_CTEST_COMMAND} --test-dir ${WORK}/build/embedded_parser --output-on-failure)

# A plugin in C: found by its path, takes options, is installed where the installed host looks, and agrees with the
# reference, forward and backward. (A program below the build folder, as here, looks in the build's plugins only.)
build_outside(${SOURCE}/examples/attention_plugin)
run(${prefix}/bin/cfgtool attention check --attention-plugin-path ${WORK}/build/attention_plugin
    --attention-plugin-option block_sparse=block=16,local=2,stride=4 --impl block_sparse --causal --backward)
run(${CMAKE_COMMAND} --install ${WORK}/build/attention_plugin)
file(GLOB_RECURSE plugin ${prefix}/attention_block_sparse.so)
if(NOT plugin MATCHES "/cfgtool/attention_plugins/attention_block_sparse.so$")
  message(FATAL_ERROR "the plugins are not in ${prefix}")
endif()
run(${prefix}/bin/cfgtool attention check --attention-plugin-path ${plugin} --impl block_sparse --dtype bf16
    --heads 8:2 --causal --backward)
build_outside(${SOURCE}/tests/install/use_plugin)
run(${WORK}/build/use_plugin/use_plugin ${plugin})

# Each installed header stands alone. Only this test knows all of them, so a header that includes one that is not
# installed is found here.
file(GLOB_RECURSE headers RELATIVE ${prefix}/include/cfgtool ${prefix}/include/cfgtool/*)
set(sources "")
foreach(header ${headers})
  string(MAKE_C_IDENTIFIER ${header} identifier)
  if(header MATCHES "\\.hpp$")
    set(source ${WORK}/headers/${identifier}.cpp)
  else()
    set(source ${WORK}/headers/${identifier}.c)
  endif()
  file(WRITE ${source} "#include \"${header}\"\n#include \"${header}\"\n")
  string(APPEND sources " ${source}")
endforeach()
file(WRITE ${WORK}/headers/CMakeLists.txt "cmake_minimum_required(VERSION 3.25)
project(headers LANGUAGES C CXX)
set(CMAKE_CXX_STANDARD 20)
find_package(cfgtool REQUIRED)
add_library(headers OBJECT ${sources})
target_link_libraries(headers PRIVATE cfgtool::config_engine cfgtool::schemas cfgtool::attention_host)
")
build_outside(${WORK}/headers)
