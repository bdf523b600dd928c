"""Luigi's own sections of ``luigi.cfg`` and the keys in them, so that a misspelt one is an error.

Luigi only warns about unknown keys, so ``task_faild=30`` would silently turn failures into exit 0.
A test compares this table with the installed Luigi.
"""

from __future__ import annotations

_CORE = """
assistant autoload_range default_scheduler_host default_scheduler_port default_scheduler_url email_prefix
email_sender email_type error_email help help_all local_scheduler lock_pid_dir lock_size log_level
logging_conf_file module no_configure_logging no_lock parallel_scheduling parallel_scheduling_processes
retry_external_tasks rpc_connect_timeout rpc_retry_attempts rpc_retry_wait scheduler_host scheduler_port
scheduler_url smtp_host smtp_local_hostname smtp_login smtp_password smtp_port smtp_ssl smtp_timeout
smtp_without_tls take_lock tmp_dir worker_count_uniques worker_keep_alive worker_max_reschedules
worker_ping_interval worker_task_limit worker_timeout worker_wait_interval workers
"""

_SCHEDULER = """
batch_emails disable_hard_timeout disable_persist disable_window disable_window_seconds max_graph_nodes
max_shown_tasks metrics_collector metrics_custom_import pause_enabled prune_on_get_work
record_task_history remove_delay retry_count retry_delay send_messages stable_done_cooldown_secs
state_path worker_disconnect_delay
"""

_WORKER = """
cache_task_completion check_complete_on_run check_unfulfilled_deps count_last_scheduled count_uniques
force_multiprocessing id keep_alive max_keep_alive_idle_duration max_reschedules
no_install_shutdown_handler ping_interval retry_external_tasks send_failure_email task_limit
task_process_context timeout wait_interval wait_jitter
"""

_RETCODE = "already_running missing_data not_run scheduling_error task_failed unhandled_exception"
_EMAIL = "force_send format method prefix receiver sender traceback_max_length type"
_BATCH = """
batch_mode email_interval email_interval_minutes error_lines error_messages group_by_error_messages
"""

SECTIONS: dict[str, frozenset[str]] = {
    "core": frozenset(_CORE.split()),
    "scheduler": frozenset(_SCHEDULER.split()),
    "worker": frozenset(_WORKER.split()),
    "retcode": frozenset(_RETCODE.split()),
    "execution_summary": frozenset({"summary_length"}),
    "task_history": frozenset({"db_connection"}),
    "email": frozenset(_EMAIL.split()),
    "smtp": frozenset(["host", "local_hostname", "no_tls", "password", "port", "ssl", "timeout", "username"]),
    "batch_notifier": frozenset(_BATCH.split()),
}
"""Section (dashes as underscores) -> keys (dashes as underscores)."""

FREE_SECTIONS = frozenset({"resources", "logging"})
"""Sections whose keys are names of the user's own choosing."""
