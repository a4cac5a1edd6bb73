# `cmake --install`: what each folder says of its own targets and headers, and here the package that find_package(cfgtool) reads.
include(CMakePackageConfigHelpers)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/cfgtool)
set(plugin_folder ${CMAKE_INSTALL_LIBDIR}/cfgtool/attention_plugins)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/cfgtoolConfig.cmake.in ${PROJECT_BINARY_DIR}/cfgtoolConfig.cmake
  INSTALL_DESTINATION ${package_folder} NO_SET_AND_CHECK_MACRO)
# Before 1.0 a new minor version may break what is there.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/cfgtoolConfigVersion.cmake COMPATIBILITY SameMinorVersion)

install(EXPORT cfgtoolTargets NAMESPACE cfgtool:: DESTINATION ${package_folder})
install(FILES ${PROJECT_BINARY_DIR}/cfgtoolConfig.cmake ${PROJECT_BINARY_DIR}/cfgtoolConfigVersion.cmake
              ${CMAKE_CURRENT_LIST_DIR}/FindNettle.cmake ${CMAKE_CURRENT_LIST_DIR}/FindPCRE2.cmake
        DESTINATION ${package_folder})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/NOTICE DESTINATION ${CMAKE_INSTALL_DOCDIR})

# In a folder that all packages share, the archives need names that nobody else has.
foreach(library config_engine schemas attention_host)
  set_target_properties(${library} PROPERTIES OUTPUT_NAME cfgtool_${library})
endforeach()
