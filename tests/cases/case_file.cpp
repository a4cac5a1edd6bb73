#include "tests/cases/case_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace cfgtool::test {
namespace fs = std::filesystem;

namespace {

constexpr std::string_view kEscapedMark = " (escaped)";
constexpr std::string_view kFileTitle = "file ";

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

/// Undoes `\\ \t \r \xHH`, a backslash at the end of a line, and `\*{count}{text}`.
class Unescaper {
 public:
  explicit Unescaper(std::string_view text) : text_(text) {}

  std::string run() {
    std::string out;
    while (at_ < text_.size()) {
      if (text_[at_] != '\\') {
        out += text_[at_++];
      } else {
        ++at_;
        escape(&out);
      }
    }
    return out;
  }

 private:
  void escape(std::string* out) {
    const char kind = at_ < text_.size() ? text_[at_++] : '\0';
    switch (kind) {
      case '\\':
        *out += '\\';
        return;
      case 't':
        *out += '\t';
        return;
      case 'r':
        *out += '\r';
        return;
      case '\n':
        return;
      case 'x':
        *out += byte();
        return;
      case '*':
        repeat(out);
        return;
      default:
        throw CaseFileError(fmt::format("unknown escape '\\{}'", kind));
    }
  }

  char byte() {
    if (at_ + 2 > text_.size() || hex_digit(text_[at_]) < 0 || hex_digit(text_[at_ + 1]) < 0) {
      throw CaseFileError("\\x needs two digits");
    }
    const int value = hex_digit(text_[at_]) * 16 + hex_digit(text_[at_ + 1]);
    at_ += 2;
    return static_cast<char>(value);
  }

  void repeat(std::string* out) {
    const size_t count = std::stoul(std::string(braced()));
    const std::string once = Unescaper(braced()).run();
    for (size_t i = 0; i < count; ++i)
      *out += once;
  }

  std::string_view braced() {
    const size_t end = text_.find('}', at_);
    if (at_ >= text_.size() || text_[at_] != '{' || end == std::string_view::npos) {
      throw CaseFileError("\\* needs {count}{text}");
    }
    const std::string_view inside = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return inside;
  }

  std::string_view text_;
  size_t at_ = 0;
};

class Reader {
 public:
  explicit Reader(const fs::path& path) : path_(path) {}

  CaseFile read() {
    std::ifstream stream(path_, std::ios::binary);
    if (!stream) throw CaseFileError(path_.string() + ": cannot be read");
    std::string line;
    while (std::getline(stream, line)) {
      ++line_number_;
      take(line);
    }
    end_section();
    end_case();
    return {path_, std::move(cases_)};
  }

 private:
  void take(const std::string& line) {
    if (line.starts_with("== ")) {
      end_section();
      end_case();
      in_common_ = false;
      current_ = common_;
      current_.name = line.substr(3);
      current_.line = line_number_;
    } else if (line.starts_with("-- ")) {
      end_section(/*last_of_case=*/false);
      open_ = true;
      title_ = line.substr(3);
    } else if (open_) {
      text_ += line + "\n";
    } else if (!line.empty() && line[0] != '#') {
      read_header(line);
    }
  }

  void read_header(const std::string& line) {
    const size_t colon = line.find(':');
    if (colon == std::string::npos) fail("a header is 'name: value'");
    const size_t value = line.find_first_not_of(' ', colon + 1);
    current_.headers[line.substr(0, colon)] = value == std::string::npos ? "" : line.substr(value);
  }

  void end_section(bool last_of_case = true) {
    if (!open_) return;
    // The empty line before the next case belongs to neither.
    if (last_of_case && (text_ == "\n" || text_.ends_with("\n\n"))) text_.pop_back();
    Section section{title_, text_};
    if (title_.ends_with(kEscapedMark)) {
      section.title.resize(title_.size() - kEscapedMark.size());
      try {
        section.text = Unescaper(text_).run();
      } catch (const CaseFileError& error) {
        fail(error.what());
      }
    }
    const auto same = std::find_if(current_.sections.begin(), current_.sections.end(),
                                   [&](const Section& other) { return other.title == section.title; });
    if (same == current_.sections.end()) {
      current_.sections.push_back(std::move(section));
    } else {
      *same = std::move(section);  // a case's own file replaces the common one
    }
    open_ = false;
    text_.clear();
  }

  void end_case() {
    if (in_common_) {
      common_ = std::move(current_);
    } else {
      cases_.push_back(std::move(current_));
    }
    current_ = {};
  }

  [[noreturn]] void fail(const std::string& message) const {
    throw CaseFileError(fmt::format("{}:{}: {}", path_.string(), line_number_, message));
  }

  fs::path path_;
  size_t line_number_ = 0;
  bool in_common_ = true;
  bool open_ = false;  // inside a section
  std::string title_;
  std::string text_;
  Case common_;
  Case current_;
  std::vector<Case> cases_;
};

}  // namespace

std::string Case::header(const std::string& key, const std::string& otherwise) const {
  const auto found = headers.find(key);
  return found == headers.end() ? otherwise : found->second;
}

nlohmann::json Case::json_header(const std::string& key, const nlohmann::json& otherwise) const {
  const auto found = headers.find(key);
  if (found == headers.end()) return otherwise;
  try {
    return nlohmann::json::parse(found->second);
  } catch (const nlohmann::json::exception& error) {
    throw CaseFileError(fmt::format("case '{}' (line {}): header '{}': {}", name, line, key, error.what()));
  }
}

const Section* Case::section(std::string_view title) const {
  for (const Section& section : sections) {
    if (section.title == title) return &section;
  }
  return nullptr;
}

const Section* Case::section_beginning(std::string_view prefix) const {
  for (const Section& section : sections) {
    if (section.title.starts_with(prefix)) return &section;
  }
  return nullptr;
}

std::string unescape(std::string_view text) {
  return Unescaper(text).run();
}

CaseFile read_case_file(const fs::path& path) {
  return Reader(path).read();
}

std::vector<CaseFile> read_case_folder(const fs::path& folder) {
  std::vector<fs::path> paths;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".case") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<CaseFile> files;
  files.reserve(paths.size());
  for (const fs::path& path : paths)
    files.push_back(read_case_file(path));
  return files;
}

bool lay_out_files(const Case& the_case, const fs::path& folder) {
  bool any = false;
  for (const Section& section : the_case.sections) {
    if (!section.title.starts_with(kFileTitle)) continue;
    const fs::path target = folder / section.title.substr(kFileTitle.size());
    fs::create_directories(target.parent_path());
    std::ofstream(target, std::ios::binary) << section.text;
    any = true;
  }
  return any;
}

std::string fill_in(std::string text, std::string_view name, std::string_view value) {
  const std::string mark = fmt::format("{{{}}}", name);
  for (size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + value.size())) {
    text.replace(at, mark.size(), value);
  }
  return text;
}

nlohmann::json fill_in_json(const nlohmann::json& json, std::string_view name, std::string_view value) {
  if (json.is_string()) return fill_in(json.get<std::string>(), name, value);
  nlohmann::json result = json;
  for (auto& item : result) {
    if (json.is_structured()) item = fill_in_json(item, name, value);
  }
  return result;
}

std::string read_file(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

}  // namespace cfgtool::test
