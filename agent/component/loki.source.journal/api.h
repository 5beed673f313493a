#pragma once

/*
 * libsystemd, by dlopen(): only who reads a journal needs it, and it would bring five more
 * libraries into every agent's memory and image. sd-journal(3).
 */

#include <systemd/sd-journal.h>

struct err;

struct journal_api {
	__typeof__(&sd_journal_open) open;
	__typeof__(&sd_journal_open_directory) open_directory;
	__typeof__(&sd_journal_close) close;
	__typeof__(&sd_journal_get_fd) get_fd;
	__typeof__(&sd_journal_process) process;
	__typeof__(&sd_journal_add_match) add_match;
	__typeof__(&sd_journal_next) next;
	__typeof__(&sd_journal_seek_cursor) seek_cursor;
	__typeof__(&sd_journal_seek_realtime_usec) seek_realtime_usec;
	__typeof__(&sd_journal_test_cursor) test_cursor;
	__typeof__(&sd_journal_get_cursor) get_cursor;
	__typeof__(&sd_journal_get_realtime_usec) get_realtime_usec;
	__typeof__(&sd_journal_restart_data) restart_data;
	__typeof__(&sd_journal_enumerate_data) enumerate_data;
	__typeof__(&sd_journal_set_data_threshold) set_data_threshold;
};

/* Loaded once, never unloaded. NULL, with e filled, if it is not there. */
const struct journal_api *journal_api_load(struct err *e);
