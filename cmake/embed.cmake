# embed(file symbol target): the file's bytes as a C array `symbol`, and `symbol_size`,
# declared in agent/default_config.h.
function(embed file symbol target)
  file(READ ${CMAKE_SOURCE_DIR}/${file} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/embed/${symbol}.c CONTENT
"#include \"agent/default_config.h\"

const char ${symbol}[] = {${hex}0};
const size_t ${symbol}_size = sizeof(${symbol}) - 1;
" @ONLY)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${file})
  target_sources(${target} PRIVATE ${CMAKE_BINARY_DIR}/embed/${symbol}.c)
endfunction()
