/* A program of our own that is the interpreter beside it, with our module: one process, which systems and people know by our name.

   Compiled twice: GUI=1 is the window (no command is "app"), GUI=0 the command line. What is loaded comes from this program's own
   folder and from Windows alone. Exit codes and arguments pass through as they are; 120 says that the folder is not whole. */
#define WIN32_LEAN_AND_MEAN
#define _WIN32_WINNT 0x0A00
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#define LONGEST 32768
#define NOT_WHOLE 120

typedef int (*py_main_t)(int, wchar_t **);

static int not_whole(const wchar_t *what)
{
    static wchar_t text[512];
    _snwprintf(text, 511, L"GovSync cannot start: %ls is missing or damaged (%lu). Your files are safe. "
                          L"Please have GovSync installed again.", what, GetLastError());
#if GUI
    MessageBoxW(NULL, text, L"GovSync", MB_ICONERROR);
#else
    fwprintf(stderr, L"%ls\n", text);
#endif
    return NOT_WHOLE;
}

/* The window is what is meant where no command is named, whatever its options are. */
static BOOL means_window(int argc, wchar_t **argv)
{
    return GUI && (argc < 2 || argv[1][0] == L'-');
}

int wmain(int argc, wchar_t **argv)
{
    static wchar_t path[LONGEST];
    static wchar_t *fixed[] = {L"-X", L"utf8", L"-m", L"govsync.cli.main", L"app"};
    const DWORD length = GetModuleFileNameW(NULL, path, LONGEST);
    wchar_t *last = length && length < LONGEST ? wcsrchr(path, L'\\') : NULL;
    if (last == NULL || (size_t)(last + 1 - path) + wcslen(PYTHON) >= LONGEST)
        return not_whole(L"its folder");
    wcscpy(last + 1, PYTHON);
    if (!SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_DEFAULT_DIRS))
        return not_whole(L"Windows");
    const HMODULE python = LoadLibraryExW(path, NULL, LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_DEFAULT_DIRS);
    if (python == NULL)
        return not_whole(PYTHON);
    const py_main_t py_main = (py_main_t)(void *)GetProcAddress(python, "Py_Main");
    if (py_main == NULL)
        return not_whole(L"Py_Main");
    const int extra = (int)(sizeof fixed / sizeof *fixed) - !means_window(argc, argv);
    wchar_t **all = calloc((size_t)(argc + extra + 1), sizeof *all);
    if (all == NULL)
        return not_whole(L"memory");
    all[0] = argv[0];
    for (int i = 0; i < extra; i++)
        all[1 + i] = fixed[i];
    for (int i = 1; i < argc; i++)
        all[extra + i] = argv[i];
    return py_main(argc + extra, all);
}
