# What the end-to-end test and the benchmarks run beside the agent; nothing of it is in the agent.
find_package(Threads REQUIRED)

function(tool name)
  add_executable(${name} ${ARGN})
  target_compile_options(${name} PRIVATE ${WARNINGS})
  target_link_libraries(${name} PRIVATE PkgConfig::LIBS snappy m Threads::Threads)
endfunction()

tool(generate tests/e2e/generate.c tests/e2e/lines.c)
tool(verify tests/e2e/verify.c tests/e2e/lines.c tests/e2e/sink.c)
tool(floor bench/floor.c)
target_link_libraries(floor PRIVATE base)
tool(sink bench/sink.c tests/e2e/sink.c)
tool(otlp_load bench/otlp_load.c)
tool(otlp_parts bench/otlp_parts.c)
target_link_libraries(otlp_parts PRIVATE proto)
tool(loki_encode bench/loki_encode.c)
target_link_libraries(loki_encode PRIVATE component)
