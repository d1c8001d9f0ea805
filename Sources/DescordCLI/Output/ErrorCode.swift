/// The stable words of `{"error":{"code":…}}`: a program may branch on them, so none is ever renamed.
package enum ErrorCode: String, CaseIterable, Sendable {
    case unexpected
    case usage
    case unknownCommand = "unknown_command"
    case badValue = "bad_value"

    case unknownReference = "unknown_reference"
    case ambiguousReference = "ambiguous_reference"
    case noSpace = "no_space"
    case noChannel = "no_channel"
    case badName = "bad_name"
    case emptyText = "empty_text"
    case notUTF8 = "not_utf8"
    case textTooLarge = "text_too_large"
    case damagedTicket = "damaged_ticket"
    case corruptImport = "corrupt_import"
    case badScenario = "bad_scenario"
    case badLine = "bad_line"
    case badFile = "bad_file"
    case fileTooLarge = "file_too_large"
    case noFiles = "no_files"
    case badQuery = "bad_query"
    case tooManyCursors = "too_many_cursors"

    case noPeers = "no_peers"
    case unreachable
    case notStored = "not_stored"
    case notFetched = "not_fetched"
    case cursorBusy = "cursor_busy"
    case tooManyParked = "too_many_parked"
    case overBudget = "over_budget"

    case inputOutput = "io"
    case diskFull = "disk_full"
    case fileExists = "file_exists"
    case filesFull = "files_full"
    case databaseUnreadable = "database_unreadable"

    case notPermitted = "not_permitted"
    case banned
    case ticketExpired = "ticket_expired"
    case ticketUsedUp = "ticket_used_up"
    case ticketRevoked = "ticket_revoked"
    case ticketRefused = "ticket_refused"
    case identityExists = "identity_exists"
    case homeHoldsSpaces = "home_holds_spaces"
    case passphraseNeeded = "passphrase_needed"
    case wrongPassphrase = "wrong_passphrase"
    case keyFileMode = "key_file_mode"

    case noIdentity = "no_identity"
    case badKeyFile = "bad_key_file"
    case badConfiguration = "bad_configuration"
    case badProfile = "bad_profile"
    case badParameters = "bad_parameters"
    case newerDatabase = "newer_database"
    case forkedKey = "forked_key"

    case interrupted
    case terminated
    case brokenPipe = "broken_pipe"
}
