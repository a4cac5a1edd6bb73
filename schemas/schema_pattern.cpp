#include "schemas/schema_pattern.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>

namespace cfgtool {

namespace {

constexpr uint32_t kMostKibibytes = 64 * 1024;

/// Counts what a match takes: the items of the pattern that are tried, and the text that an item such as `.*` runs
/// over.
class Effort {
 public:
  explicit Effort(size_t& left) : left_(left) {}

  bool spend(size_t steps) {
    const bool enough = steps < left_;
    left_ = enough ? left_ - steps : 0;
    return enough;
  }

  static int at_item(pcre2_callout_block* item, void* effort) {
    auto* const self = static_cast<Effort*>(effort);
    const size_t ran_over = item->current_position > self->last_ ? item->current_position - self->last_ : 0;
    self->last_ = item->current_position;
    return self->spend(1 + ran_over / kBytesPerStep) ? 0 : PCRE2_ERROR_CALLOUT;
  }

  static constexpr size_t kBytesPerStep = 8;

 private:
  size_t& left_;
  size_t last_ = 0;
};

}  // namespace

struct SchemaPattern::Code {
  pcre2_code* code = nullptr;
  ~Code() { pcre2_code_free(code); }
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
  code->code = pcre2_compile(
      reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
      PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALLOW_EMPTY_CLASS | PCRE2_MATCH_UNSET_BACKREF | PCRE2_AUTO_CALLOUT,
      &error, &offset, dialect);
  pcre2_compile_context_free(dialect);
  if (!code->code) {
    std::array<PCRE2_UCHAR, 256> message{};
    pcre2_get_error_message(error, message.data(), message.size());
    *fault = {reinterpret_cast<const char*>(message.data()), offset};
    return nullptr;
  }
  return std::shared_ptr<const SchemaPattern>(new SchemaPattern(std::move(code)));
}

std::optional<bool> SchemaPattern::found_in(std::string_view text, size_t& steps_left) const {
  constexpr size_t kStepsToBegin = 8;
  Effort effort(steps_left);
  if (!effort.spend(kStepsToBegin + text.size() / Effort::kBytesPerStep)) return std::nullopt;
  pcre2_match_data* const match = pcre2_match_data_create(1, nullptr);
  pcre2_match_context* const limits = pcre2_match_context_create(nullptr);
  pcre2_set_heap_limit(limits, kMostKibibytes);
  pcre2_set_callout(limits, &Effort::at_item, &effort);
  const int found =
      pcre2_match(code_->code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0, 0, match, limits);
  pcre2_match_context_free(limits);
  pcre2_match_data_free(match);
  if (found >= 0) return true;
  if (found == PCRE2_ERROR_NOMATCH) return false;
  return std::nullopt;
}

}  // namespace cfgtool
