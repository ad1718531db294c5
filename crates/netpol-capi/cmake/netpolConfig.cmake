# Lets CMake programs find netpol:
#
#     find_package(netpol 1 REQUIRED)
#     target_link_libraries(program PRIVATE netpol::netpol)          # or netpol::static
#
# Wherever the files were installed: the folder of the libraries and that of the headers are found from here.

get_filename_component(_netpol_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
find_path(netpol_INCLUDE_DIR netpol.h HINTS "${_netpol_prefix}/include" NO_DEFAULT_PATH)
find_library(netpol_LIBRARY
  NAMES netpol
  HINTS "${_netpol_prefix}"
  PATH_SUFFIXES lib "lib/${CMAKE_LIBRARY_ARCHITECTURE}" lib64
  NO_DEFAULT_PATH)
get_filename_component(_netpol_libdir "${netpol_LIBRARY}" DIRECTORY)
find_library(netpol_STATIC_LIBRARY
  NAMES "${CMAKE_STATIC_LIBRARY_PREFIX}netpol${CMAKE_STATIC_LIBRARY_SUFFIX}"
  HINTS "${_netpol_libdir}"
  NO_DEFAULT_PATH)
mark_as_advanced(netpol_INCLUDE_DIR netpol_LIBRARY netpol_STATIC_LIBRARY)

include(CMakeFindDependencyMacro)
find_dependency(Threads)

if(NOT netpol_INCLUDE_DIR OR NOT netpol_LIBRARY)
  set(netpol_FOUND FALSE)
  set(netpol_NOT_FOUND_MESSAGE "netpol.h or the library is not where netpol was installed: ${_netpol_prefix}")
  return()
endif()

if(NOT TARGET netpol::netpol)
  add_library(netpol::netpol SHARED IMPORTED)
  set_target_properties(netpol::netpol PROPERTIES
    IMPORTED_LOCATION "${netpol_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${netpol_INCLUDE_DIR}")
endif()

if(netpol_STATIC_LIBRARY AND NOT TARGET netpol::static)
  add_library(netpol::static STATIC IMPORTED)
  set_target_properties(netpol::static PROPERTIES
    IMPORTED_LOCATION "${netpol_STATIC_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${netpol_INCLUDE_DIR}"
    INTERFACE_LINK_LIBRARIES "Threads::Threads;${CMAKE_DL_LIBS};m")
endif()
