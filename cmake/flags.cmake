# Warnings are errors, with gcc and with clang. docs/style.md says which and why.
set(WARNINGS -Wall -Wextra -Werror -Wshadow -Wpointer-arith -Wcast-qual -Wwrite-strings
  -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wvla -Wundef -Wformat=2
  -Wimplicit-fallthrough)
set(WARNINGS_STRICT -Wconversion -Wsign-conversion) # floors 0 and 1

include_directories(${CMAKE_SOURCE_DIR})
add_compile_definitions(_GNU_SOURCE INVAR_VERSION="${PROJECT_VERSION}")
add_compile_options(-fno-strict-aliasing -fstack-protector-strong
  -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
add_link_options(-pie -Wl,-z,relro,-z,now)

if(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_RELEASE "${CMAKE_C_FLAGS_RELEASE}")
  string(REPLACE "-O3" "-O2" CMAKE_C_FLAGS_RELEASE "${CMAKE_C_FLAGS_RELEASE}")
  add_compile_options(-ffunction-sections -fdata-sections)
  add_link_options(-Wl,--gc-sections)
  if(NOT INVAR_SANITIZE)
    add_compile_definitions(_FORTIFY_SOURCE=2)
  endif()
endif()
if(INVAR_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
