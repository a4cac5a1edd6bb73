#include "config_engine/yaml_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config_engine/diagnostic.hpp"
#include "config_engine/utf8.hpp"

namespace cfgtool {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kNextLine = "\xC2\x85";  // U+0085, which YAML 1.1 takes for a line feed

[[noreturn]] void refuse(std::string message, SourcePos pos, std::string fix) {
  Diagnostic diagnostic;
  diagnostic.code = "yaml-encoding";
  diagnostic.message = std::move(message);
  diagnostic.labels.push_back({pos, 1, {}});
  diagnostic.fix = std::move(fix);
  throw ConfigError(std::move(diagnostic));
}

}  // namespace

YamlText::YamlText(const SourceMap& sources, SourcePos begin) : begin_(begin), original_(sources.text(begin)) {
  check_characters();
  if (original_.starts_with(kByteOrderMark)) bom_bytes_ = kByteOrderMark.size();
  const std::string_view rest = original_.substr(bom_bytes_);
  if (rest.find('\r') == std::string_view::npos && rest.find(kNextLine) == std::string_view::npos) {
    text_ = rest;
    return;
  }
  text_.reserve(rest.size());
  for (size_t i = 0; i < rest.size(); ++i) {
    const bool two_bytes = rest.substr(i, 2) == "\r\n" || rest.substr(i, 2) == kNextLine;
    if (two_bytes) {
      removed_.push_back(text_.size());
      ++i;
    }
    text_ += two_bytes || rest[i] == '\r' ? '\n' : rest[i];
  }
}

// What Python's decoding of the file and PyYAML's Reader.check_printable refuse.
void YamlText::check_characters() const {
  if (original_.starts_with("\xFF\xFE") || original_.starts_with("\xFE\xFF")) {
    refuse("the file is UTF-16, but a configuration is read as UTF-8", begin_, "save the file as UTF-8");
  }
  for (size_t i = 0; i < original_.size();) {
    const unsigned char byte = static_cast<unsigned char>(original_[i]);
    if ((byte >= 0x20 && byte < 0x7F) || byte == '\n') {
      ++i;
      continue;
    }
    const CodePoint point = decode_utf8(original_.substr(i, 4));
    const uint32_t c = point.value;
    if ((c >= 0xD800 && c <= 0xDFFF) || (c >= 0x80 && point.bytes == 1)) {
      refuse(fmt::format("'utf-8' codec can't decode byte 0x{:02x} in position {}", byte, i), begin_ + i,
             "save the file as UTF-8");
    }
    const bool allowed = c == '\t' || c == '\r' || c == 0x85 || (c >= 0xA0 && c != 0xFFFE && c != 0xFFFF);
    if (!allowed) {
      refuse(fmt::format("unacceptable character #x{:04x}: special characters are not allowed", c), begin_ + i,
             c == 0 ? "remove the NUL byte; is this a text file?" : "write it as \"\\x..\" in double quotes");
    }
    i += point.bytes;
  }
}

SourcePos YamlText::pos(size_t offset) const {
  const size_t at = std::min(offset, text_.size());
  const auto after = std::upper_bound(removed_.begin(), removed_.end(), at);
  // A break's own place is that of its first byte, which was left out in front of it.
  const bool on_removed = after != removed_.begin() && *std::prev(after) == at;
  const size_t left_out = static_cast<size_t>(after - removed_.begin()) - (on_removed ? 1 : 0);
  return begin_ + (bom_bytes_ + at + left_out);
}

}  // namespace cfgtool
