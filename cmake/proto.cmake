# Every proto/<protocol>/*.proto is compiled by protoc-c to one library, protogen, without our
# warnings (the code is not ours). It gives descriptors, and the oracles of the tests; bytes
# from outside are never unpacked by it (see proto/otlp/types.h).
find_program(PROTOC_C protoc-c REQUIRED)
set(PROTO_GEN ${CMAKE_BINARY_DIR}/gen)
file(GLOB proto_files CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR} proto/*/*.proto)
set(proto_sources)
foreach(p ${proto_files})
  string(REGEX REPLACE "\\.proto$" ".pb-c" stem ${p})
  add_custom_command(OUTPUT ${PROTO_GEN}/${stem}.c ${PROTO_GEN}/${stem}.h
    COMMAND ${CMAKE_COMMAND} -E make_directory ${PROTO_GEN}
    COMMAND ${PROTOC_C} --proto_path=${CMAKE_SOURCE_DIR} --c_out=${PROTO_GEN} ${p}
    DEPENDS ${p} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} VERBATIM)
  list(APPEND proto_sources ${PROTO_GEN}/${stem}.c)
endforeach()
add_library(protogen STATIC ${proto_sources})
target_compile_options(protogen PRIVATE -w)
target_include_directories(protogen SYSTEM PUBLIC ${PROTO_GEN})
target_link_libraries(protogen PUBLIC PkgConfig::LIBS)
