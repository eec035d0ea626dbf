/* What the installer does with what runs of the product, whoever's it is: running.exe end|pause|resume machine|person FOLDER.

   A process that goes on until somebody ends it, the agent or the window, listens to an event of its own (system/process): it is asked
   by that, and has PATIENCE_MS to put everything away. A command that is under way ends by itself in that time. What is still there then is ended, so that no file is
   in use and no restart of Windows is needed; the product bears being ended at any point.

   "pause" writes down in which session what ran, into a key that does not outlive the machine's run; "resume", when the new files are
   there, starts it again in those sessions as the person who works there, never as the installer's own account. */
#define WIN32_LEAN_AND_MEAN
#define _WIN32_WINNT 0x0A00
#include <windows.h>
#include <tlhelp32.h>
#include <userenv.h>
#include <wtsapi32.h>
#include <stdio.h>
#include <wchar.h>

#define LONGEST 32768
#define MOST 512
#define PATIENCE_MS 30000
#define KEY L"Software\\GovSyncRunning"

static const wchar_t *const WORDS[] = {L"run", L"app"};
static const wchar_t *const AGAIN[] = {L"start", L"app --minimized"};
#define WINDOW 1

static HANDLE found[MOST];
static int count;

static BOOL is_below(HANDLE process, const wchar_t *folder)
{
    static wchar_t path[LONGEST];
    DWORD length = LONGEST;
    const size_t wanted = wcslen(folder);
    return QueryFullProcessImageNameW(process, 0, path, &length) && length > wanted && path[wanted] == L'\\' &&
           CompareStringOrdinal(path, (int)wanted, folder, (int)wanted, TRUE) == CSTR_EQUAL;
}

static BOOL ask(DWORD process, const wchar_t *word)
{
    wchar_t name[64];
    _snwprintf(name, 63, L"Global\\GovSync-%lu-%ls", process, word);
    name[63] = 0;
    const HANDLE event = OpenEventW(EVENT_MODIFY_STATE, FALSE, name);
    if (event == NULL)
        return FALSE;
    const BOOL done = SetEvent(event);
    CloseHandle(event);
    return done;
}

/* Writes down what is to be started again in a session; the window, which starts the agent itself, wins. */
static void write_down(HKEY key, DWORD process, DWORD kind)
{
    wchar_t name[16];
    DWORD session, known, size = sizeof known;
    if (!ProcessIdToSessionId(process, &session))
        return;
    _snwprintf(name, 15, L"%lu", session);
    name[15] = 0;
    if (RegQueryValueExW(key, name, NULL, NULL, (BYTE *)&known, &size) == ERROR_SUCCESS && known == WINDOW)
        return;
    RegSetValueExW(key, name, 0, REG_DWORD, (const BYTE *)&kind, sizeof kind);
}

static int end(const wchar_t *folder, HKEY key)
{
    const HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    PROCESSENTRY32W each = {.dwSize = sizeof each};
    if (all == INVALID_HANDLE_VALUE)
        return 1;
    for (BOOL more = Process32FirstW(all, &each); more && count < MOST; more = Process32NextW(all, &each)) {
        const DWORD rights = PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_TERMINATE | SYNCHRONIZE;
        const HANDLE process = OpenProcess(rights, FALSE, each.th32ProcessID);
        if (process == NULL)
            continue;
        if (each.th32ProcessID == GetCurrentProcessId() || !is_below(process, folder)) {
            CloseHandle(process);
            continue;
        }
        found[count++] = process;
        for (DWORD kind = 0; kind < sizeof WORDS / sizeof *WORDS; kind++)
            if (ask(each.th32ProcessID, WORDS[kind]) && key != NULL)
                write_down(key, each.th32ProcessID, kind);
    }
    CloseHandle(all);
    const ULONGLONG until = GetTickCount64() + PATIENCE_MS;
    for (int i = 0; i < count; i++) {
        const ULONGLONG now = GetTickCount64();
        if (WaitForSingleObject(found[i], now < until ? (DWORD)(until - now) : 0) != WAIT_OBJECT_0) {
            TerminateProcess(found[i], 1);
            WaitForSingleObject(found[i], PATIENCE_MS);
        }
        CloseHandle(found[i]);
    }
    return 0;
}

/* Starts a command in a session as whoever works there; where nobody else can be asked for (a person's own installation), as the
   person who installs. */
static BOOL start(DWORD session, const wchar_t *folder, DWORD kind, BOOL machine)
{
    static wchar_t program[LONGEST], command[LONGEST + 64];
    STARTUPINFOW how = {.cb = sizeof how};
    PROCESS_INFORMATION made;
    HANDLE token = NULL;
    void *environment = NULL;
    BOOL done;
    how.lpDesktop = L"winsta0\\default";
    _snwprintf(program, LONGEST - 1, L"%ls\\GovSync.exe", folder);
    _snwprintf(command, LONGEST + 63, L"\"%ls\" %ls", program, AGAIN[kind]);
    if (machine) {
        if (!WTSQueryUserToken(session, &token))
            return FALSE;
        if (!CreateEnvironmentBlock(&environment, token, FALSE)) {
            CloseHandle(token);
            return FALSE;
        }
        done = CreateProcessAsUserW(token, program, command, NULL, NULL, FALSE, CREATE_UNICODE_ENVIRONMENT, environment, NULL, &how, &made);
        DestroyEnvironmentBlock(environment);
        CloseHandle(token);
    } else {
        done = CreateProcessW(program, command, NULL, NULL, FALSE, 0, NULL, NULL, &how, &made);
    }
    if (done) {
        CloseHandle(made.hThread);
        CloseHandle(made.hProcess);
    }
    return done;
}

static int resume(const wchar_t *folder, HKEY key, BOOL machine)
{
    int code = 0;
    for (DWORD number = 0;; number++) {
        wchar_t name[16];
        DWORD letters = 16, kind, size = sizeof kind, type;
        if (RegEnumValueW(key, number, name, &letters, NULL, &type, (BYTE *)&kind, &size) != ERROR_SUCCESS)
            return code;
        if (type == REG_DWORD && kind < sizeof AGAIN / sizeof *AGAIN && !start(wcstoul(name, NULL, 10), folder, kind, machine))
            code = 1;
    }
}

int wmain(int argc, wchar_t **argv)
{
    if (argc != 4)
        return 64;
    wchar_t *const folder = argv[3];
    const BOOL machine = wcscmp(argv[2], L"machine") == 0;
    const HKEY root = machine ? HKEY_LOCAL_MACHINE : HKEY_CURRENT_USER;
    HKEY key = NULL;
    int code;
    /* The installer's names of folders end with a backslash, which would quote the mark after it, so a point follows it. */
    for (size_t last = wcslen(folder); last > 0 && (folder[last - 1] == L'.' || folder[last - 1] == L'\\'); last--)
        folder[last - 1] = 0;
    if (wcscmp(argv[1], L"end") == 0)
        return end(folder, NULL);
    if (wcscmp(argv[1], L"pause") == 0) {
        if (RegCreateKeyExW(root, KEY, 0, NULL, REG_OPTION_VOLATILE, KEY_READ | KEY_WRITE | KEY_WOW64_64KEY, NULL, &key, NULL))
            return 1;
        code = end(folder, key);
    } else if (wcscmp(argv[1], L"resume") == 0) {
        if (RegOpenKeyExW(root, KEY, 0, KEY_READ | KEY_WOW64_64KEY, &key))
            return 0; /* Nothing ran. */
        code = resume(folder, key, machine);
    } else {
        return 64;
    }
    RegCloseKey(key);
    if (wcscmp(argv[1], L"resume") == 0)
        RegDeleteKeyExW(root, KEY, KEY_WOW64_64KEY, 0);
    return code;
}
