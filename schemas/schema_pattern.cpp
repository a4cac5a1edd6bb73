#include "schemas/schema_pattern.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>

namespace cfgtool {

namespace {

// A step takes some ten nanoseconds: a pattern gets about a tenth of a second for one text.
constexpr uint32_t kMostSteps = 5'000'000;
constexpr uint32_t kMostKibibytes = 64 * 1024;

}  // namespace

struct SchemaPattern::Code {
  pcre2_code* code = nullptr;
  pcre2_match_context* context = nullptr;
  ~Code() {
    pcre2_match_context_free(context);
    pcre2_code_free(code);
  }
};

SchemaPattern::SchemaPattern(std::unique_ptr<Code> code) : code_(std::move(code)) {}
SchemaPattern::~SchemaPattern() = default;

std::shared_ptr<const SchemaPattern> SchemaPattern::compile(std::string_view pattern, Fault* fault) {
  auto code = std::make_unique<Code>();
  pcre2_compile_context* const dialect = pcre2_compile_context_create(nullptr);
  // \u{1F600} as ECMA 262 has it.
  pcre2_set_compile_extra_options(dialect, PCRE2_EXTRA_ALT_BSUX);
  int error = 0;
  PCRE2_SIZE offset = 0;
  // The differences between ECMA 262 and Perl: `$` is the very end, [] matches nothing, \u0041, and a group that did
  // not take part matches the empty text.
  code->code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                             PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALLOW_EMPTY_CLASS | PCRE2_MATCH_UNSET_BACKREF,
                             &error, &offset, dialect);
  pcre2_compile_context_free(dialect);
  if (!code->code) {
    std::array<PCRE2_UCHAR, 256> message{};
    pcre2_get_error_message(error, message.data(), message.size());
    *fault = {reinterpret_cast<const char*>(message.data()), offset};
    return nullptr;
  }
  code->context = pcre2_match_context_create(nullptr);
  pcre2_set_match_limit(code->context, kMostSteps);
  pcre2_set_heap_limit(code->context, kMostKibibytes);
  return std::shared_ptr<const SchemaPattern>(new SchemaPattern(std::move(code)));
}

std::optional<bool> SchemaPattern::found_in(std::string_view text) const {
  pcre2_match_data* const match = pcre2_match_data_create(1, nullptr);
  const int found =
      pcre2_match(code_->code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0, 0, match, code_->context);
  pcre2_match_data_free(match);
  if (found >= 0) return true;
  if (found == PCRE2_ERROR_NOMATCH) return false;
  return std::nullopt;
}

}  // namespace cfgtool
