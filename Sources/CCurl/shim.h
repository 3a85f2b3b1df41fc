// libcurl, and its variadic calls in the shapes that are used.
#pragma once
#include <curl/curl.h>

typedef size_t (*hearth_curl_receive)(char *bytes, size_t one, size_t count, void *context);
typedef int (*hearth_curl_progress)(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d);

// The parentheses go round the macro of the header that checks types of constant options.
static inline CURLcode hearth_curl_set_long(CURL *handle, CURLoption option, long value) {
    return (curl_easy_setopt)(handle, option, value);
}
static inline CURLcode hearth_curl_set_text(CURL *handle, CURLoption option, const char *value) {
    return (curl_easy_setopt)(handle, option, value);
}
static inline CURLcode hearth_curl_set_receive(CURL *handle, hearth_curl_receive receive, void *context) {
    CURLcode code = (curl_easy_setopt)(handle, CURLOPT_WRITEFUNCTION, receive);
    return code != CURLE_OK ? code : (curl_easy_setopt)(handle, CURLOPT_WRITEDATA, context);
}
static inline CURLcode hearth_curl_set_progress(CURL *handle, hearth_curl_progress progress, void *context) {
    CURLcode code = (curl_easy_setopt)(handle, CURLOPT_XFERINFOFUNCTION, progress);
    if (code == CURLE_OK) code = (curl_easy_setopt)(handle, CURLOPT_XFERINFODATA, context);
    return code != CURLE_OK ? code : (curl_easy_setopt)(handle, CURLOPT_NOPROGRESS, 0L);
}
static inline long hearth_curl_get_long(CURL *handle, CURLINFO info) {
    long value = 0;
    return (curl_easy_getinfo)(handle, info, &value) == CURLE_OK ? value : 0;
}
