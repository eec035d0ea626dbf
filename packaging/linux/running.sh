# What runs of the package, whoever's it is: agents and windows, by the interpreter that only they have.
# After an upgrade that is a file which is gone.
running() {
    local process program
    for process in /proc/[0-9]*; do
        program=$(readlink "$process/exe" 2>/dev/null) || continue
        case $program in
        "$1" | "$1 (deleted)") echo "${process#/proc/}" ;;
        esac
    done
}

# Those that go on until somebody ends them; a command that is under way ends by itself.
lasting() {
    local id
    for id in $(running "$1"); do
        case " $(tr '\0' ' ' 2>/dev/null <"/proc/$id/cmdline") " in
        *" run "* | *" app "*) echo "$id" ;;
        esac
    done
}
