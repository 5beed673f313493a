# What `cmake --install` puts where, and the .deb that CPack makes of it. The manual and the
# completions are printed by the program itself, from the table of its flags.
# The service names /usr/bin/invar and /etc/invar, so that is where they go unless told otherwise.
if(CMAKE_INSTALL_PREFIX_INITIALIZED_TO_DEFAULT)
  set(CMAKE_INSTALL_PREFIX /usr CACHE PATH "where it is installed" FORCE)
endif()
include(GNUInstallDirs)

install(TARGETS invar RUNTIME)
install(FILES packaging/config.alloy DESTINATION ${CMAKE_INSTALL_FULL_SYSCONFDIR}/invar)
install(FILES packaging/invar.default DESTINATION ${CMAKE_INSTALL_FULL_SYSCONFDIR}/default
  RENAME invar PERMISSIONS OWNER_READ OWNER_WRITE)
install(FILES packaging/invar.service DESTINATION lib/systemd/system)
install(FILES README.md CHANGELOG.md SECURITY.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES packaging/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR})

if(NOT INVAR_SANITIZE AND (NOT CMAKE_CROSSCOMPILING OR CMAKE_CROSSCOMPILING_EMULATOR))
  set(made ${CMAKE_BINARY_DIR}/package)
  file(MAKE_DIRECTORY ${made})
  foreach(pair "man invar.1" "bash invar.bash" "zsh _invar")
    separate_arguments(pair)
    list(GET pair 0 kind)
    list(GET pair 1 file)
    add_custom_command(OUTPUT ${made}/${file} COMMAND invar docs-${kind} > ${made}/${file}
      DEPENDS invar VERBATIM)
    list(APPEND made_files ${made}/${file})
  endforeach()
  add_custom_command(OUTPUT ${made}/invar.1.gz COMMAND gzip -9nkf ${made}/invar.1
    DEPENDS ${made}/invar.1 VERBATIM)
  add_custom_target(package_files ALL DEPENDS ${made_files} ${made}/invar.1.gz)
  install(FILES ${made}/invar.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES ${made}/invar.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
    RENAME invar)
  install(FILES ${made}/_invar DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME invar)
set(CPACK_PACKAGE_CONTACT "The invar authors <maintainers@invar.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "agent for a node's logs and traces, to Loki and OTLP")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
  "It tails the logs of a node's pods or any other files into Loki, takes OTLP from
programs on the node and hands it on. It reads Grafana Alloy's configuration
language, keeps its memory within a budget, and loses no line without a count.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/packaging/conffiles
  ${CMAKE_SOURCE_DIR}/packaging/postinst ${CMAKE_SOURCE_DIR}/packaging/prerm
  ${CMAKE_SOURCE_DIR}/packaging/postrm)
include(CPack)
