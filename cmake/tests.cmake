# tests/unit mirrors the tree: tests/unit/agent/base/arena_test.c tests agent/base/arena.c.
# A test links the floor it is on (and so those below).
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)

function(floor_of_test path out)
  foreach(pair "agent/base:base" "agent/config:config" "agent/convert:convert" "agent/loop:loop" "agent/graph:graph"
      "agent/flow:flow" "agent/tail:tail" "agent/component:component" "agent/ui:ui" "k8s:k8s"
      "proto:proto" "agent:top")
    string(REPLACE ":" ";" pair ${pair})
    list(GET pair 0 dir)
    list(GET pair 1 lib)
    string(FIND ${path} "${dir}/" at)
    if(at EQUAL 0)
      set(${out} ${lib} PARENT_SCOPE)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "tests/unit/${path}: belongs to no floor")
endfunction()

file(GLOB_RECURSE unit_tests CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/tests/unit
  tests/unit/*_test.c)
foreach(t ${unit_tests})
  string(REGEX REPLACE "_test\\.c$" "" name ${t})
  string(REPLACE "/" "." target "test.${name}")
  floor_of_test(${t} lib)
  add_executable(${target} tests/unit/${t})
  target_compile_options(${target} PRIVATE ${WARNINGS})
  target_link_libraries(${target} PRIVATE ${lib} PkgConfig::CMOCKA)
  add_test(NAME unit/${name} COMMAND ${target} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
endforeach()

# Simulations: many of a part, or long stretches of its life, under a clock that is moved.
file(GLOB sims CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/tests/sim tests/sim/*_sim.c)
foreach(t ${sims})
  string(REGEX REPLACE "_sim\\.c$" "" name ${t})
  add_executable(sim.${name} tests/sim/${t})
  target_compile_options(sim.${name} PRIVATE ${WARNINGS})
  target_link_libraries(sim.${name} PRIVATE k8s tail PkgConfig::CMOCKA)
  add_test(NAME sim/${name} COMMAND sim.${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
endforeach()
