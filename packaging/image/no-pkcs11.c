/*
 * For the image alone: GnuTLS without smart cards. Debian's libgnutls.a names these functions of
 * p11-kit, which comes as a shared object only, with libffi 1.3 MB. The agent never hands GnuTLS a
 * "pkcs11:" address, so here each says that there is no module and no such address. When an update
 * of GnuTLS names another function, the link fails and this list grows.
 */

#include <p11-kit/p11-kit.h>
#include <p11-kit/pin.h>
#include <p11-kit/uri.h>

/* A line a function: */
/* clang-format off */

/* Modules: none. */
CK_FUNCTION_LIST *p11_kit_module_load(const char *path, int flags) { return NULL; }
CK_FUNCTION_LIST **p11_kit_modules_load(const char *reserved, int flags) { return NULL; }
CK_RV p11_kit_module_finalize(CK_FUNCTION_LIST *module) { return CKR_GENERAL_ERROR; }
int p11_kit_module_get_flags(CK_FUNCTION_LIST *module) { return 0; }
char *p11_kit_module_get_name(CK_FUNCTION_LIST *module) { return NULL; }
void p11_kit_module_release(CK_FUNCTION_LIST *module) { }
char *p11_kit_config_option(CK_FUNCTION_LIST *module, const char *option) { return NULL; }
const char *p11_kit_message(void) { return "this program is built without PKCS #11"; }
const char *p11_kit_strerror(CK_RV rv) { return p11_kit_message(); }
char *p11_kit_space_strdup(const unsigned char *string, size_t max) { return NULL; }
size_t p11_kit_space_strlen(const unsigned char *string, size_t max) { return 0; }

#define BAD P11_KIT_URI_UNEXPECTED

/* Addresses: there is no memory for any, so that none is parsed. */
P11KitUri *p11_kit_uri_new(void) { return NULL; }
void p11_kit_uri_free(P11KitUri *uri) { }
int p11_kit_uri_parse(const char *s, P11KitUriType type, P11KitUri *uri) { return BAD; }
int p11_kit_uri_format(P11KitUri *uri, P11KitUriType type, char **s) { return BAD; }
int p11_kit_uri_set_attribute(P11KitUri *uri, CK_ATTRIBUTE_PTR a) { return BAD; }
CK_ATTRIBUTE_PTR p11_kit_uri_get_attribute(P11KitUri *uri, CK_ATTRIBUTE_TYPE type) { return NULL; }
CK_ATTRIBUTE_PTR p11_kit_uri_get_attributes(P11KitUri *uri, CK_ULONG *n) { return *n = 0, NULL; }
CK_INFO_PTR p11_kit_uri_get_module_info(P11KitUri *uri) { return NULL; }
CK_TOKEN_INFO_PTR p11_kit_uri_get_token_info(P11KitUri *uri) { return NULL; }
const char *p11_kit_uri_get_pin_source(const P11KitUri *uri) { return NULL; }
const char *p11_kit_uri_get_pin_value(const P11KitUri *uri) { return NULL; }
int p11_kit_uri_match_module_info(const P11KitUri *uri, const CK_INFO *info) { return 0; }
int p11_kit_uri_match_token_info(const P11KitUri *uri, const CK_TOKEN_INFO *info) { return 0; }

/* PINs: none. */
P11KitPin *p11_kit_pin_file_callback(const char *source, P11KitUri *uri, const char *description,
	P11KitPinFlags flags, void *data) { return NULL; }
P11KitPin *p11_kit_pin_new_for_string(const char *value) { return NULL; }
P11KitPin *p11_kit_pin_request(const char *source, P11KitUri *uri, const char *description,
	P11KitPinFlags flags) { return NULL; }
size_t p11_kit_pin_get_length(P11KitPin *pin) { return 0; }
const unsigned char *p11_kit_pin_get_value(P11KitPin *pin, size_t *n) { return *n = 0, NULL; }
void p11_kit_pin_unref(P11KitPin *pin) { }
int p11_kit_pin_register_callback(const char *source, p11_kit_pin_callback callback, void *data,
	p11_kit_pin_destroy_func destroy) { return 0; }
void p11_kit_pin_unregister_callback(const char *source,
	p11_kit_pin_callback callback, void *data) { }
