import Foundation
import Testing

/// What the command line must withstand, told in `Tests/Shell`: every scenario runs the binary from outside,
/// in homes of its own. SCALE widens the randomised ones, SEED repeats one.
@Suite(.serialized) struct ScenarioTests {
    static let names = [
        "banned_admin_takes_his_puppet_along",
        "chain_continues_after_the_higher_number",
        "clock_that_jumps_back_keeps_order_and_chain",
        "connect_is_done_by_the_node_that_runs",
        "cookbook_bot_socket",
        "cookbook_cron_backup",
        "cookbook_cron_digest",
        "cookbook_cron_disk",
        "cookbook_cron_sync",
        "cookbook_hook_archive",
        "cookbook_hook_deploy",
        "cookbook_hook_unit",
        "cookbook_pipe_build",
        "cookbook_pipe_invite",
        "cookbook_pipe_lines",
        "cookbook_pipe_search",
        "cookbook_pipe_table",
        "cookbook_pipe_wait",
        "cursor_begins_at_since_and_goes_on_with_what_arrives",
        "cursor_ended_at_any_write_loses_nothing",
        "cursor_is_moved_by_one_process_at_a_time",
        "cursor_shows_each_message_once_over_all_runs",
        "cursor_stays_before_a_line_that_nobody_took",
        "cursor_survives_kills_at_any_moment",
        "damage_to_an_export_is_found_and_its_line_named",
        "database_locked_for_too_long_ends_with_74",
        "db_check_finds_what_somebody_changed",
        "deleted_content_leaves_an_export_that_verifies",
        "deleted_message_leaves_every_disk",
        "edited_message_is_shown_and_found_anew_everywhere",
        "every_snippet_of_the_cookbook_is_run",
        "export_ended_at_any_write_leaves_a_whole_file",
        "export_is_there_whole_or_not_at_all",
        "exported_space_verifies_without_a_home",
        "fifty_posts_in_a_row_are_each_heard_once",
        "files_are_posted_by_the_node_that_runs",
        "files_are_refused_to_who_was_kicked",
        "files_come_from_a_third_when_their_author_is_away",
        "files_of_hostile_names_stay_in_their_folder",
        "files_reach_who_listens_and_are_written_whole",
        "files_replace_nothing_that_is_there",
        "files_that_cannot_be_posted_post_nothing",
        "files_wait_with_their_author_until_somebody_comes",
        "follower_goes_on_when_the_one_it_follows_is_killed",
        "fork_is_kept_shown_and_ends_posting",
        "full_disk_is_said_by_sync_import_and_a_listener",
        "full_disk_stores_nothing_and_loses_nothing",
        "held_message_comes_to_a_running_listener",
        "history_is_read_through_a_third_when_its_author_is_gone",
        "home_that_kept_its_key_gets_its_space_back",
        "homes_that_only_meet_in_pairs_end_with_the_same",
        "hook_gets_the_object_and_no_text_in_its_environment",
        "hook_is_ended_with_its_listener_and_its_message_comes_again",
        "hook_keeps_nothing_of_ours_open",
        "hook_runs_once_a_message_in_order",
        "hook_that_fails_is_tried_again_then_parked",
        "hook_without_a_cursor_follows_live",
        "hundred_posts_at_once_are_each_heard_once",
        "import_brings_a_member_what_it_lacks",
        "import_ended_at_any_write_loses_nothing",
        "import_that_was_cut_or_killed_goes_on",
        "kicked_member_is_cut_off_and_comes_back_by_a_grant",
        "killed_listener_leaves_nothing_that_blocks",
        "lines_are_posted_in_their_order",
        "lines_are_read_no_further_than_those_that_wait",
        "lines_end_with_the_highest_code",
        "lines_that_cannot_be_posted_are_said_and_passed_over",
        "locked_database_is_waited_for",
        "member_an_hour_ahead_is_heard_when_the_hour_comes",
        "member_minutes_ahead_keeps_nobody_from_writing",
        "metrics_are_recorded_while_a_node_stays",
        "metrics_of_two_runs_add_up",
        "moderators_delete_what_members_wrote",
        "muted_archived_and_read_only_refuse_posts",
        "names_are_said_by_members_and_found_in_texts",
        "names_of_cursors_are_safe",
        "once_ends_with_75_when_nobody_answers",
        "own_clock_that_was_an_hour_ahead_loses_nothing",
        "own_listener_is_no_other_home",
        "peers_say_why_they_are_in_a_mesh_or_not",
        "plumbing_negentropy_reconciles_two_processes",
        "plumbing_negentropy_refuses_what_it_cannot_use",
        "post_ended_at_any_write_loses_nothing",
        "post_killed_at_any_moment_loses_nothing_printed",
        "post_without_anybody_is_queued_and_says_why",
        "presence_is_shown_by_those_who_stay_and_is_no_message",
        "profile_that_does_not_exist_is_refused_with_the_known_ones",
        "progress_is_shown_on_a_terminal_and_goes_away",
        "queues_of_both_are_delivered_when_either_comes",
        "ranks_bound_what_roles_do",
        "reactions_and_pins_are_seen_by_all",
        "read_only_database_is_read_and_not_written",
        "read_only_home_is_read_and_not_written",
        "read_only_home_without_a_database_says_so",
        "reader_that_goes_away_ends_listen_with_141",
        "reader_that_wants_one_line_ends_log_with_141",
        "rebuild_ended_at_any_write_loses_nothing",
        "same_key_is_warned_of_once_a_run",
        "scripted_repl_is_on_the_air_as_listen_is",
        "scripted_repl_without_an_identity_goes_on_air_when_it_has_one",
        "signals_end_a_join_that_nobody_answers",
        "signals_end_a_post_that_awaits_its_receipt",
        "signals_end_a_post_that_reads_a_pipe",
        "signals_end_a_scripted_repl",
        "signals_end_a_sync_that_nobody_answers",
        "signals_end_listen_and_it_says_goodbye",
        "space_of_others_is_not_imported",
        "space_whose_creator_is_ahead_can_be_joined",
        "sync_ended_at_any_write_loses_nothing",
        "text_of_two_mebibytes_is_refused_whatever_its_way",
        "thread_is_begun_by_its_first_message",
        "ticket_names_members_who_were_only_met",
        "tickets_that_are_no_good_are_refused",
        "trace_has_the_shape_of_go_libp2p_pubsub",
        "why_names_what_decided",
    ]

    @Test(arguments: Self.names) func scenario(_ name: String) async throws {
        let run = try await Self.run(["--descord", TestHome.binary.path, name])
        print(run.output, terminator: "")
        #expect(run.code == 0, "\(run.output)\(run.errors)")
    }

    @Test func everyScenarioIsAmongThem() async throws {
        #expect(try await Self.run(["--list"]).lines == Self.names)
    }

    private static func run(_ arguments: [String]) async throws -> CommandRun {
        let own = ProcessInfo.processInfo.environment
        var passed: [String: String?] = [:]
        for name in ["CI", "SCALE", "SEED"] { if let value = own[name] { passed[name] = value } }
        let script = TestHome.root.appending(path: "Tests/Shell/run.py").path
        return try await TestHome().run(
            program: URL(filePath: "/usr/bin/env"), ["python3", "-B", script] + arguments, environment: passed
        )
    }
}
