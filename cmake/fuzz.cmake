# tests/fuzz/<parser>_fuzz.c, one libFuzzer target each; its corpus is tests/corpus/<parser>/.
file(GLOB fuzz_targets CONFIGURE_DEPENDS tests/fuzz/*_fuzz.c)
foreach(f ${fuzz_targets})
  get_filename_component(name ${f} NAME_WE)
  add_executable(${name} ${f})
  target_compile_options(${name} PRIVATE ${WARNINGS})
  target_link_libraries(${name} PRIVATE component convert)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
endforeach()
