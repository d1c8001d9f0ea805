#!/bin/bash

__descord_cursor_index_in_current_word() {
    local remaining="${COMP_LINE}"

    local word
    for word in "${COMP_WORDS[@]::COMP_CWORD}"; do
        remaining="${remaining##*([[:space:]])"${word}"*([[:space:]])}"
    done

    local -ir index="$((COMP_POINT - ${#COMP_LINE} + ${#remaining}))"
    if [[ "${index}" -le 0 ]]; then
        printf 0
    else
        printf %s "${index}"
    fi
}

# positional arguments:
#
# - 1: the current (sub)command's count of positional arguments
#
# required variables:
#
# - repeating_flags: the repeating flags that the current (sub)command can accept
# - non_repeating_flags: the non-repeating flags that the current (sub)command can accept
# - repeating_options: the repeating options that the current (sub)command can accept
# - non_repeating_options: the non-repeating options that the current (sub)command can accept
# - positional_number: value ignored
# - unparsed_words: unparsed words from the current command line
#
# modified variables:
#
# - non_repeating_flags: remove flags for this (sub)command that are already on the command line
# - non_repeating_options: remove options for this (sub)command that are already on the command line
# - positional_number: set to the current positional number
# - unparsed_words: remove all flags, options, and option values for this (sub)command
__descord_offer_flags_options() {
    local -ir positional_count="${1}"
    positional_number=0

    local was_flag_option_terminator_seen=false
    local is_parsing_option_value=false

    local -ar unparsed_word_indices=("${!unparsed_words[@]}")
    local -i word_index
    for word_index in "${unparsed_word_indices[@]}"; do
        if "${is_parsing_option_value}"; then
            # This word is an option value:
            # Reset marker for next word iff not currently the last word
            [[ "${word_index}" -ne "${unparsed_word_indices[${#unparsed_word_indices[@]} - 1]}" ]] && is_parsing_option_value=false
            unset "unparsed_words[${word_index}]"
            # Do not process this word as a flag or an option
            continue
        fi

        local word="${unparsed_words["${word_index}"]}"
        if ! "${was_flag_option_terminator_seen}"; then
            case "${word}" in
            --)
                unset "unparsed_words[${word_index}]"
                # by itself -- is a flag/option terminator, but if it is the last word, it is the start of a completion
                if [[ "${word_index}" -ne "${unparsed_word_indices[${#unparsed_word_indices[@]} - 1]}" ]]; then
                    was_flag_option_terminator_seen=true
                fi
                continue
                ;;
            -*)
                # ${word} is a flag or an option
                # If ${word} is an option, mark that the next word to be parsed is an option value
                local option
                for option in "${repeating_options[@]}" "${non_repeating_options[@]}"; do
                    [[ "${word}" = "${option}" ]] && is_parsing_option_value=true && break
                done

                # Remove ${word} from ${non_repeating_flags} or ${non_repeating_options} so it isn't offered again
                local not_found=true
                local -i index
                for index in "${!non_repeating_flags[@]}"; do
                    if [[ "${non_repeating_flags[${index}]}" = "${word}" ]]; then
                        unset "non_repeating_flags[${index}]"
                        non_repeating_flags=("${non_repeating_flags[@]}")
                        not_found=false
                        break
                    fi
                done
                if "${not_found}"; then
                    for index in "${!non_repeating_flags[@]}"; do
                        if [[ "${non_repeating_flags[${index}]}" = "${word}" ]]; then
                            unset "non_repeating_flags[${index}]"
                            non_repeating_flags=("${non_repeating_flags[@]}")
                            break
                        fi
                    done
                fi
                unset "unparsed_words[${word_index}]"
                continue
                ;;
            esac
        fi

        # ${word} is neither a flag, nor an option, nor an option value
        if [[ "${positional_number}" -lt "${positional_count}" || "${positional_count}" -lt 0 ]]; then
            # ${word} is a positional
            ((positional_number++))
            unset "unparsed_words[${word_index}]"
        else
            if [[ -z "${word}" ]]; then
                # Could be completing a flag, option, or subcommand
                positional_number=-1
            else
                # ${word} is a subcommand or invalid, so stop processing this (sub)command
                positional_number=-2
            fi
            break
        fi
    done

    unparsed_words=("${unparsed_words[@]}")

    if\
        ! "${was_flag_option_terminator_seen}"\
        && ! "${is_parsing_option_value}"\
        && [[ ("${cur}" = -* && "${positional_number}" -ge 0) || "${positional_number}" -eq -1 ]]
    then
        COMPREPLY+=($(compgen -W "${repeating_flags[*]} ${non_repeating_flags[*]} ${repeating_options[*]} ${non_repeating_options[*]}" -- "${cur}"))
    fi
}

__descord_add_completions() {
    local completion
    while IFS='' read -r completion; do
        COMPREPLY+=("${completion}")
    done < <(IFS=$'\n' compgen "${@}" -- "${cur}")
}

__descord_custom_complete() {
    if [[ -n "${cur}" || -z ${COMP_WORDS[${COMP_CWORD}]} || "${COMP_LINE:${COMP_POINT}:1}" != ' ' ]]; then
        local -ar words=("${COMP_WORDS[@]}")
    else
        local -ar words=("${COMP_WORDS[@]::${COMP_CWORD}}" '' "${COMP_WORDS[@]:${COMP_CWORD}}")
    fi

    "${COMP_WORDS[0]}" "${@}" "${words[@]}"
}

_descord() {
    local state
    state="$(shopt -p;shopt -po)"
    trap "${state//$'\n'/;}" RETURN
    shopt -s extglob
    set +o history +o posix

    local -xr SAP_SHELL=bash
    local -x SAP_SHELL_VERSION
    SAP_SHELL_VERSION="$(IFS='.';printf %s "${BASH_VERSINFO[*]}")"
    local -r SAP_SHELL_VERSION

    local -r cur="${2}"
    local -r prev="${3}"

    local -i positional_number
    local -a unparsed_words=("${COMP_WORDS[@]:1:${COMP_CWORD}}")

    local -a repeating_flags=(--verbose -v)
    local -a non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    local -a repeating_options=(--connect --listen --profile)
    local -a non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    keygen|id|space|channel|post|log|listen|files|search|edit|delete|react|pin|thread|profile|cursor|repl|export|import|verify|sync|outbox|peers|metrics|sim|config|params|db|why|plumbing|help)
        # Offer subcommand argument completions
        "_descord_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'keygen id space channel post log listen files search edit delete react pin thread profile cursor repl export import verify sync outbox peers metrics sim config params db why plumbing help' -- "${cur}"))
        ;;
    esac
}

_descord_keygen() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--force --passphrase --json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--import --home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--import')
        __descord_add_completions -f
        return
        ;;
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_id() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_space() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __descord_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    create|list|invite|join|use|info|members|leave|role|kick|ban|unban|mute|audit)
        # Offer subcommand argument completions
        "_descord_space_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'create list invite join use info members leave role kick ban unban mute audit' -- "${cur}"))
        ;;
    esac
}

_descord_space_create() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--public --json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_space_list() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--discover --json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_space_invite() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--rank --uses --expires --home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--rank')
        return
        ;;
    '--uses')
        return
        ;;
    '--expires')
        return
        ;;
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __descord_add_completions -W "$(__descord_custom_complete ---completion space invite -- positional@0 "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    esac
}

_descord_space_join() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_space_use() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __descord_add_completions -W "$(__descord_custom_complete ---completion space use -- positional@0 "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    esac
}

_descord_space_info() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __descord_add_completions -W "$(__descord_custom_complete ---completion space info -- positional@0 "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    esac
}

_descord_space_members() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __descord_add_completions -W "$(__descord_custom_complete ---completion space members -- positional@0 "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    esac
}

_descord_space_leave() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __descord_add_completions -W "$(__descord_custom_complete ---completion space leave -- positional@0 "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    esac
}

_descord_space_role() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __descord_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    list|define|grant|take)
        # Offer subcommand argument completions
        "_descord_space_role_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'list define grant take' -- "${cur}"))
        ;;
    esac
}

_descord_space_role_list() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __descord_add_completions -W "$(__descord_custom_complete ---completion space role list -- positional@0 "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    esac
}

_descord_space_role_define() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--rank --permissions --space -s --wait --home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--rank')
        return
        ;;
    '--permissions')
        return
        ;;
    '--space'|'-s')
        __descord_add_completions -W "$(__descord_custom_complete ---completion space role define -- --space "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    '--wait')
        return
        ;;
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_space_role_grant() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--space -s --wait --home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 2

    # Offer option value completions
    case "${prev}" in
    '--space'|'-s')
        __descord_add_completions -W "$(__descord_custom_complete ---completion space role grant -- --space "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    '--wait')
        return
        ;;
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __descord_add_completions -W "$(__descord_custom_complete ---completion space role grant -- positional@0 "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    esac
}

_descord_space_role_take() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--last-good --space -s --wait --home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 2

    # Offer option value completions
    case "${prev}" in
    '--last-good')
        return
        ;;
    '--space'|'-s')
        __descord_add_completions -W "$(__descord_custom_complete ---completion space role take -- --space "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    '--wait')
        return
        ;;
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __descord_add_completions -W "$(__descord_custom_complete ---completion space role take -- positional@0 "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    esac
}

_descord_space_kick() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--reason --last-good --space -s --wait --home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--reason')
        return
        ;;
    '--last-good')
        return
        ;;
    '--space'|'-s')
        __descord_add_completions -W "$(__descord_custom_complete ---completion space kick -- --space "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    '--wait')
        return
        ;;
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __descord_add_completions -W "$(__descord_custom_complete ---completion space kick -- positional@0 "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    esac
}

_descord_space_ban() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--reason --last-good --space -s --wait --home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--reason')
        return
        ;;
    '--last-good')
        return
        ;;
    '--space'|'-s')
        __descord_add_completions -W "$(__descord_custom_complete ---completion space ban -- --space "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    '--wait')
        return
        ;;
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __descord_add_completions -W "$(__descord_custom_complete ---completion space ban -- positional@0 "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    esac
}

_descord_space_unban() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--space -s --wait --home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--space'|'-s')
        __descord_add_completions -W "$(__descord_custom_complete ---completion space unban -- --space "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    '--wait')
        return
        ;;
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_space_mute() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--lift --json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--last-good --space -s --wait --home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--last-good')
        return
        ;;
    '--space'|'-s')
        __descord_add_completions -W "$(__descord_custom_complete ---completion space mute -- --space "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    '--wait')
        return
        ;;
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __descord_add_completions -W "$(__descord_custom_complete ---completion space mute -- positional@0 "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    esac
}

_descord_space_audit() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(-n --home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '-n')
        return
        ;;
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __descord_add_completions -W "$(__descord_custom_complete ---completion space audit -- positional@0 "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    esac
}

_descord_channel() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __descord_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    create|list|use|update|archive|moderator)
        # Offer subcommand argument completions
        "_descord_channel_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'create list use update archive moderator' -- "${cur}"))
        ;;
    esac
}

_descord_channel_create() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_channel_list() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __descord_add_completions -W "$(__descord_custom_complete ---completion channel list -- positional@0 "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    esac
}

_descord_channel_use() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __descord_add_completions -W "$(__descord_custom_complete ---completion channel use -- positional@0 "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    esac
}

_descord_channel_update() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--read-only --no-read-only --json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--name --purpose --wait --home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--name')
        return
        ;;
    '--purpose')
        return
        ;;
    '--wait')
        return
        ;;
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __descord_add_completions -W "$(__descord_custom_complete ---completion channel update -- positional@0 "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    esac
}

_descord_channel_archive() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--undo --json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--wait --home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--wait')
        return
        ;;
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __descord_add_completions -W "$(__descord_custom_complete ---completion channel archive -- positional@0 "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    esac
}

_descord_channel_moderator() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--remove --json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--wait --home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 2

    # Offer option value completions
    case "${prev}" in
    '--wait')
        return
        ;;
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __descord_add_completions -W "$(__descord_custom_complete ---completion channel moderator -- positional@0 "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    2)
        __descord_add_completions -W "$(__descord_custom_complete ---completion channel moderator -- positional@1 "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    esac
}

_descord_post() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--lines --json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--file --connect --listen --profile)
    non_repeating_options=(--channel -c --wait --thread --reply-to --home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--channel'|'-c')
        __descord_add_completions -W "$(__descord_custom_complete ---completion post -- --channel "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    '--wait')
        return
        ;;
    '--thread')
        return
        ;;
    '--reply-to')
        return
        ;;
    '--file')
        __descord_add_completions -f
        return
        ;;
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_log() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--pinned --raw --json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--channel -c --number -n --since --until --author --thread --format --home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--channel'|'-c')
        __descord_add_completions -W "$(__descord_custom_complete ---completion log -- --channel "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    '--number'|'-n')
        return
        ;;
    '--since')
        return
        ;;
    '--until')
        return
        ;;
    '--author')
        __descord_add_completions -W "$(__descord_custom_complete ---completion log -- --author "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    '--thread')
        return
        ;;
    '--format')
        return
        ;;
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_listen() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--not-mine --once --raw --json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--channel -c --number -n --since --cursor --exec --tries --format --home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--channel'|'-c')
        __descord_add_completions -W "$(__descord_custom_complete ---completion listen -- --channel "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    '--number'|'-n')
        return
        ;;
    '--since')
        return
        ;;
    '--cursor')
        return
        ;;
    '--exec')
        return
        ;;
    '--tries')
        return
        ;;
    '--format')
        return
        ;;
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_files() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __descord_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    list|get)
        # Offer subcommand argument completions
        "_descord_files_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'list get' -- "${cur}"))
        ;;
    esac
}

_descord_files_list() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_files_get() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--force --json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--output -o --home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--output'|'-o')
        __descord_add_completions -f
        return
        ;;
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_search() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--fts --raw --json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--channel -c --number -n --since --until --author --format --home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--channel'|'-c')
        __descord_add_completions -W "$(__descord_custom_complete ---completion search -- --channel "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    '--number'|'-n')
        return
        ;;
    '--since')
        return
        ;;
    '--until')
        return
        ;;
    '--author')
        __descord_add_completions -W "$(__descord_custom_complete ---completion search -- --author "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    '--format')
        return
        ;;
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_edit() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--wait --home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--wait')
        return
        ;;
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_delete() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--wait --home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--wait')
        return
        ;;
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_react() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--remove --json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--wait --home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 2

    # Offer option value completions
    case "${prev}" in
    '--wait')
        return
        ;;
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_pin() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--remove --json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--wait --home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--wait')
        return
        ;;
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_thread() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __descord_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    list|create)
        # Offer subcommand argument completions
        "_descord_thread_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'list create' -- "${cur}"))
        ;;
    esac
}

_descord_thread_list() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--channel -c --home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--channel'|'-c')
        __descord_add_completions -W "$(__descord_custom_complete ---completion thread list -- --channel "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_thread_create() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--channel -c --wait --home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--channel'|'-c')
        __descord_add_completions -W "$(__descord_custom_complete ---completion thread create -- --channel "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    '--wait')
        return
        ;;
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_profile() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __descord_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    show|set)
        # Offer subcommand argument completions
        "_descord_profile_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'show set' -- "${cur}"))
        ;;
    esac
}

_descord_profile_show() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--space -s --home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--space'|'-s')
        __descord_add_completions -W "$(__descord_custom_complete ---completion profile show -- --space "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __descord_add_completions -W "$(__descord_custom_complete ---completion profile show -- positional@0 "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    esac
}

_descord_profile_set() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--name --about --space -s --wait --home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--name')
        return
        ;;
    '--about')
        return
        ;;
    '--space'|'-s')
        __descord_add_completions -W "$(__descord_custom_complete ---completion profile set -- --space "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    '--wait')
        return
        ;;
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_cursor() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __descord_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    list|remove|parked|retry|drop)
        # Offer subcommand argument completions
        "_descord_cursor_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'list remove parked retry drop' -- "${cur}"))
        ;;
    esac
}

_descord_cursor_list() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_cursor_remove() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_cursor_parked() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_cursor_retry() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_cursor_drop() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--all --json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_repl() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_export() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--output -o --home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--output'|'-o')
        __descord_add_completions -f
        return
        ;;
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __descord_add_completions -W "$(__descord_custom_complete ---completion export -- positional@0 "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    esac
}

_descord_import() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __descord_add_completions -f
        return
        ;;
    esac
}

_descord_verify() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __descord_add_completions -f
        return
        ;;
    esac
}

_descord_sync() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __descord_add_completions -W "$(__descord_custom_complete ---completion sync -- positional@0 "${COMP_CWORD}" "$(__descord_cursor_index_in_current_word)")"
        return
        ;;
    esac
}

_descord_outbox() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __descord_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    list|retry|drop)
        # Offer subcommand argument completions
        "_descord_outbox_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'list retry drop' -- "${cur}"))
        ;;
    esac
}

_descord_outbox_list() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_outbox_retry() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_outbox_drop() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--all --json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_peers() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __descord_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    list|add)
        # Offer subcommand argument completions
        "_descord_peers_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'list add' -- "${cur}"))
        ;;
    esac
}

_descord_peers_list() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--check --json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_peers_add() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_metrics() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--prometheus --json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--topic --since --home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--topic')
        return
        ;;
    '--since')
        return
        ;;
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_sim() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __descord_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    run|compare|list)
        # Offer subcommand argument completions
        "_descord_sim_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'run compare list' -- "${cur}"))
        ;;
    esac
}

_descord_sim_run() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--nodes --messages --rate --bytes --latency --bandwidth --seed --svg --home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--nodes')
        return
        ;;
    '--messages')
        return
        ;;
    '--rate')
        return
        ;;
    '--bytes')
        return
        ;;
    '--latency')
        return
        ;;
    '--bandwidth')
        return
        ;;
    '--seed')
        return
        ;;
    '--svg')
        __descord_add_completions -o plusdirs -fX '!*.@(svg)'
        return
        ;;
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __descord_add_completions -W 'steady'$'\n''churn'$'\n''partition'$'\n''cold-boot'$'\n''sybil'$'\n''eclipse'$'\n''covert-flash'$'\n''slow-peers'$'\n''ihave-flood'$'\n''graft-flood'$'\n''tiny-space'$'\n''kicked-in-mesh'$'\n''replay-flood'$'\n''hold-flood'$'\n''adaptive-sybil'$'\n''forged-flood'$'\n''large-messages'$'\n''large-messages-plain'$'\n''priority'$'\n''priority-plain'$'\n''shaping'$'\n''shaping-plain'$'\n''ten-thousand'$'\n''swarm'
        return
        ;;
    esac
}

_descord_sim_compare() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--nodes --messages --rate --bytes --latency --bandwidth --seed --home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 2

    # Offer option value completions
    case "${prev}" in
    '--nodes')
        return
        ;;
    '--messages')
        return
        ;;
    '--rate')
        return
        ;;
    '--bytes')
        return
        ;;
    '--latency')
        return
        ;;
    '--bandwidth')
        return
        ;;
    '--seed')
        return
        ;;
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __descord_add_completions -W 'steady'$'\n''churn'$'\n''partition'$'\n''cold-boot'$'\n''sybil'$'\n''eclipse'$'\n''covert-flash'$'\n''slow-peers'$'\n''ihave-flood'$'\n''graft-flood'$'\n''tiny-space'$'\n''kicked-in-mesh'$'\n''replay-flood'$'\n''hold-flood'$'\n''adaptive-sybil'$'\n''forged-flood'$'\n''large-messages'$'\n''large-messages-plain'$'\n''priority'$'\n''priority-plain'$'\n''shaping'$'\n''shaping-plain'$'\n''ten-thousand'$'\n''swarm'
        return
        ;;
    2)
        __descord_add_completions -W 'steady'$'\n''churn'$'\n''partition'$'\n''cold-boot'$'\n''sybil'$'\n''eclipse'$'\n''covert-flash'$'\n''slow-peers'$'\n''ihave-flood'$'\n''graft-flood'$'\n''tiny-space'$'\n''kicked-in-mesh'$'\n''replay-flood'$'\n''hold-flood'$'\n''adaptive-sybil'$'\n''forged-flood'$'\n''large-messages'$'\n''large-messages-plain'$'\n''priority'$'\n''priority-plain'$'\n''shaping'$'\n''shaping-plain'$'\n''ten-thousand'$'\n''swarm'
        return
        ;;
    esac
}

_descord_sim_list() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_config() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __descord_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    get|set|list|unset)
        # Offer subcommand argument completions
        "_descord_config_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'get set list unset' -- "${cur}"))
        ;;
    esac
}

_descord_config_get() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __descord_add_completions -W 'connect'$'\n''json'$'\n''listen'$'\n''mdns'$'\n''profile'$'\n''quiet'$'\n''timeout'$'\n''verbose'
        return
        ;;
    esac
}

_descord_config_set() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 2

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __descord_add_completions -W 'connect'$'\n''json'$'\n''listen'$'\n''mdns'$'\n''profile'$'\n''quiet'$'\n''timeout'$'\n''verbose'
        return
        ;;
    esac
}

_descord_config_list() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_config_unset() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __descord_add_completions -W 'connect'$'\n''json'$'\n''listen'$'\n''mdns'$'\n''profile'$'\n''quiet'$'\n''timeout'$'\n''verbose'
        return
        ;;
    esac
}

_descord_params() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __descord_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    show|lint|diff)
        # Offer subcommand argument completions
        "_descord_params_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'show lint diff' -- "${cur}"))
        ;;
    esac
}

_descord_params_show() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--explain --json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    esac
}

_descord_params_lint() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--members --cron --home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--members')
        return
        ;;
    '--cron')
        return
        ;;
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    esac
}

_descord_params_diff() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 2

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac

    # Offer positional completions
    case "${positional_number}" in
    1)
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    2)
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    esac
}

_descord_db() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __descord_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    check|rebuild)
        # Offer subcommand argument completions
        "_descord_db_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'check rebuild' -- "${cur}"))
        ;;
    esac
}

_descord_db_check() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_db_rebuild() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_why() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_plumbing() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __descord_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    negentropy)
        # Offer subcommand argument completions
        "_descord_plumbing_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'negentropy' -- "${cur}"))
        ;;
    esac
}

_descord_plumbing_negentropy() {
    repeating_flags=(--verbose -v)
    non_repeating_flags=(--json --quiet -q --no-mdns --version -h --help)
    repeating_options=(--connect --listen --profile)
    non_repeating_options=(--home --timeout --trace --passphrase-fd)
    __descord_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--home')
        __descord_add_completions -d
        return
        ;;
    '--timeout')
        return
        ;;
    '--connect')
        return
        ;;
    '--listen')
        return
        ;;
    '--profile')
        __descord_add_completions -W 'descord'$'\n''small'$'\n''snapshot'$'\n''waku'$'\n''default'
        return
        ;;
    '--trace')
        __descord_add_completions -f
        return
        ;;
    '--passphrase-fd')
        return
        ;;
    esac
}

_descord_help() {
    repeating_flags=()
    non_repeating_flags=(--version)
    repeating_options=()
    non_repeating_options=()
    __descord_offer_flags_options -1
}

complete -o filenames -F _descord descord
