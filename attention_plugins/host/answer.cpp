#include "attention_plugins/host/answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "attention_plugins/host/names.hpp"

namespace cfgtool::attention {
namespace {

/// What a plugin wrote into a fixed array, as one line; nullopt-like `ended` = false if it wrote no end.
std::string array_text(const char* bytes, size_t capacity, bool& ended) {
  size_t length = strnlen(bytes, capacity);
  ended = length < capacity;
  std::string text(bytes, length);
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  while (!text.empty() && text.back() == ' ')
    text.pop_back();
  return text;
}

Verdict verdict_of(attn_status status) {
  switch (status) {
    case ATTN_STATUS_OK:
      return Verdict::kYes;
    case ATTN_STATUS_REFUSED:
      return Verdict::kNo;
    case ATTN_STATUS_CANNOT_TELL:
      return Verdict::kCannotTell;
    default:
      return Verdict::kFailed;
  }
}

/// What a status means, for plugins that give no text of their own.
std::string status_sentence(attn_status status) {
  switch (status) {
    case ATTN_STATUS_REFUSED:
      return "refused";
    case ATTN_STATUS_CANNOT_TELL:
      return "cannot tell";
    case ATTN_STATUS_BAD_ARGUMENT:
      return "says that it was called wrongly";
    case ATTN_STATUS_OUT_OF_MEMORY:
      return "ran out of memory";
    case ATTN_STATUS_BACKEND_FAILED:
      return "failed";
    default:
      return fmt::format("returned {}, which is no status", status);
  }
}

}  // namespace

const char* to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::kYes:
      return "yes";
    case Verdict::kNo:
      return "no";
    case Verdict::kCannotTell:
      return "cannot tell";
    case Verdict::kFailed:
      return "failed";
  }
  return "?";
}

attn_answer blank_answer() {
  attn_answer answer{};
  answer.size = sizeof(answer);
  return answer;
}

Answer read_answer(std::string_view plugin, std::string_view function, attn_status status, const attn_answer& raw) {
  Answer answer;
  answer.verdict = verdict_of(status);
  answer.reason = raw.reason;
  answer.level = std::clamp<int32_t>(raw.level, ATTN_LEVEL_RULES, ATTN_LEVEL_COMPILE);
  answer.documented = answer.verdict == Verdict::kYes && raw.documented != 0;
  answer.forward_workspace_bytes = raw.forward_workspace_bytes;
  answer.backward_workspace_bytes = raw.backward_workspace_bytes;
  bool text_ended = false;
  bool engine_ended = false;
  answer.text = array_text(raw.text, sizeof(raw.text), text_ended);
  answer.engine = array_text(raw.engine, sizeof(raw.engine), engine_ended);
  if (!text_ended || !engine_ended) {
    answer.verdict = Verdict::kFailed;
    answer.documented = false;
    answer.reason = ATTN_REASON_OTHER;
    answer.engine.clear();
    answer.text =
        fmt::format("the plugin '{}' broke the interface: the text that {} gave has no end", plugin, function);
    return answer;
  }
  if (answer.verdict == Verdict::kYes) {
    answer.reason = ATTN_REASON_NONE;
    return answer;
  }
  if (answer.reason == ATTN_REASON_NONE) answer.reason = ATTN_REASON_OTHER;
  if (answer.text.empty()) {
    answer.text = fmt::format("the plugin '{}' {} in {} and gave no text (reason: {})", plugin, status_sentence(status),
                              function, reason_code(answer.reason));
  }
  return answer;
}

}  // namespace cfgtool::attention
