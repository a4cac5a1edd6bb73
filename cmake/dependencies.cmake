# Everything here comes from Debian 12's packages; `./quickstart deps` installs them.
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(Threads REQUIRED)
find_package(hwy 1.0 REQUIRED)
find_package(uriparser 0.9 CONFIG REQUIRED char)

# cfgtool is a short process: with yaml-cpp inside, a run takes about a twelfth less time than with its shared object.
option(CFGTOOL_STATIC_YAML_CPP "Link yaml-cpp statically where its archive is installed" ON)
find_library(YAML_CPP_ARCHIVE libyaml-cpp.a)
mark_as_advanced(YAML_CPP_ARCHIVE)
if(CFGTOOL_STATIC_YAML_CPP AND YAML_CPP_ARCHIVE)
  get_target_property(yaml_cpp_configurations yaml-cpp IMPORTED_CONFIGURATIONS)
  foreach(configuration ${yaml_cpp_configurations})
    set_target_properties(yaml-cpp PROPERTIES IMPORTED_LOCATION_${configuration} ${YAML_CPP_ARCHIVE})
  endforeach()
endif()

# xxHash, used as headers only: the content hash of cached parsed files.
find_path(XXHASH_INCLUDE_DIR xxhash.h REQUIRED)

list(APPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})
find_package(Nettle REQUIRED)
find_package(PCRE2 REQUIRED)
find_path(VALIJSON_INCLUDE_DIR valijson/schema.hpp REQUIRED)

# CUDA and cuDNN are used where they are found; everything else builds without them.
find_package(CUDAToolkit QUIET)
find_package(CUDNN QUIET)
if(CUDAToolkit_FOUND AND CUDNN_FOUND)
  message(STATUS "GPU: CUDA ${CUDAToolkit_VERSION} and cuDNN ${CUDNN_VERSION} found")
elseif(CUDAToolkit_FOUND)
  message(STATUS "GPU: CUDA ${CUDAToolkit_VERSION} found, no cuDNN")
else()
  message(STATUS "GPU: no CUDA found; only what runs on the CPU is built")
endif()
