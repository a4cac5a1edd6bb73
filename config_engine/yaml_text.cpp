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
  const size_t first = original_.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  stretches_.push_back({0, first});
  const std::string_view rest = original_.substr(first);
  if (rest.find('\r') == std::string_view::npos && rest.find(kNextLine) == std::string_view::npos) {
    text_ = rest;
    return;
  }
  text_.reserve(rest.size());
  for (size_t i = 0; i < rest.size(); ++i) {
    const bool two_bytes = rest.substr(i, 2) == "\r\n" || rest.substr(i, 2) == kNextLine;
    text_ += two_bytes || rest[i] == '\r' ? '\n' : rest[i];
    if (two_bytes) stretches_.push_back({text_.size(), first + ++i + 1});
  }
}

void YamlText::remove(const std::vector<Range>& ranges) {
  std::string kept;
  kept.reserve(text_.size());
  std::vector<Stretch> stretches;
  size_t next = 0;  // in stretches_
  // What is kept goes on at the range's end, and within it wherever the text had been put together before.
  const auto keep = [&](size_t begin, size_t end) {
    stretches.push_back({kept.size(), static_cast<size_t>(pos(begin).offset - begin_.offset)});
    while (next < stretches_.size() && stretches_[next].offset <= begin)
      ++next;
    for (; next < stretches_.size() && stretches_[next].offset < end; ++next)
      stretches.push_back({kept.size() + stretches_[next].offset - begin, stretches_[next].original});
    kept.append(text_, begin, end - begin);
  };
  size_t begin = 0;
  for (const Range& range : ranges) {
    keep(begin, range.begin);
    begin = range.end;
  }
  keep(begin, text_.size());
  text_ = std::move(kept);
  stretches_ = std::move(stretches);
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
  const auto after = std::upper_bound(stretches_.begin(), stretches_.end(), at,
                                      [](size_t value, const Stretch& stretch) { return value < stretch.offset; });
  const Stretch& stretch = *std::prev(after);
  return begin_ + (stretch.original + at - stretch.offset);
}

}  // namespace cfgtool
