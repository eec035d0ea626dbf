/* Functions of Windows that Qt asks for and wine lacks: enough to load, each answers nothing. For tests alone, never shipped. */
#define LACKS(name) __declspec(dllexport) long long name(void) { return 0; }
#ifdef MSCMS /* The colours of a screen. */
LACKS(OpenColorProfileW) LACKS(CloseColorProfile) LACKS(GetColorProfileFromHandle) LACKS(WcsCreateIccProfile)
#endif
#ifdef ICUUC /* Encodings, on Windows 10 since 1703. */
LACKS(UCNV_FROM_U_CALLBACK_SUBSTITUTE) LACKS(UCNV_TO_U_CALLBACK_SUBSTITUTE) LACKS(ucnv_open) LACKS(ucnv_close)
LACKS(ucnv_reset) LACKS(ucnv_getMaxCharSize) LACKS(ucnv_getName) LACKS(ucnv_getToUCallBack) LACKS(ucnv_getFromUCallBack)
LACKS(ucnv_setToUCallBack) LACKS(ucnv_setFromUCallBack) LACKS(ucnv_cbToUWriteUChars) LACKS(ucnv_toUnicode)
LACKS(ucnv_cbFromUWriteUChars) LACKS(ucnv_toUCountPending) LACKS(ucnv_fromUCountPending) LACKS(ucnv_getStandardName)
LACKS(ucnv_getAvailableName) LACKS(ucnv_countAvailable) LACKS(ucnv_fromUnicode)
#endif
