#include "cfgtool/validation_report.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "config_engine/diagnostic_render.hpp"
#include "config_engine/utf8.hpp"

namespace cfgtool {

namespace {

bool is_error(const Diagnostic& problem) {
  return problem.severity == Severity::kError;
}

std::string summary(const std::vector<CheckedItem>& items, const std::string& checked) {
  size_t errors = 0;
  size_t warnings = 0;
  for (const CheckedItem& item : items) {
    for (const Diagnostic& problem : item.validation.problems)
      ++(is_error(problem) ? errors : warnings);
  }
  std::string text = errors > 0 ? counted(errors, "problem") : checked + ": no problems";
  if (warnings > 0) text += ", " + counted(warnings, "warning");
  return text + "\n";
}

std::string each_rendered(const std::vector<CheckedItem>& items, const RenderOptions& options) {
  std::string text;
  for (const CheckedItem& item : items)
    text += render(item.validation.problems, item.validation.sources.get(), options);
  return text;
}

std::string sarif(const std::vector<CheckedItem>& items) {
  std::vector<DiagnosticGroup> groups;
  for (const CheckedItem& item : items)
    groups.push_back({&item.validation.problems, item.validation.sources.get(), item.file});
  return render_sarif(groups);
}

/// XML 1.0 has no way at all to write most control characters, and none for bytes that are no UTF-8.
bool is_xml_character(uint32_t c) {
  return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c < 0xD800) || (c >= 0xE000 && c < 0xFFFE) || c > 0xFFFF;
}

enum class XmlPlace : uint8_t { kText, kAttribute };

/// A reader makes spaces of bare line breaks in an attribute.
std::string xml(std::string_view text, XmlPlace place) {
  std::string out;
  while (!text.empty()) {
    const CodePoint c = decode_utf8(text);
    const bool plain_break = c.value == '\n' && place == XmlPlace::kText;
    if (!is_xml_character(c.value)) {
      append_utf8(out, 0xFFFD);
    } else if ((c.value < 0x20 && !plain_break) || std::string_view("&<>\"").find(text[0]) != std::string_view::npos) {
      out += fmt::format("&#{};", c.value);
    } else {
      out += text.substr(0, c.bytes);
    }
    text.remove_prefix(c.bytes);
  }
  return out;
}

std::string junit_test(const CheckedItem& item) {
  std::string failures;
  std::string warnings;
  for (const Diagnostic& problem : item.validation.problems) {
    const std::string text = render({problem}, item.validation.sources.get());
    if (is_error(problem)) {
      failures +=
          fmt::format("    <failure type=\"{}\" message=\"{}\">{}</failure>\n", xml(problem.code, XmlPlace::kAttribute),
                      xml(problem.message, XmlPlace::kAttribute), xml(text, XmlPlace::kText));
    } else {
      warnings += text;
    }
  }
  if (!warnings.empty()) warnings = fmt::format("    <system-out>{}</system-out>\n", xml(warnings, XmlPlace::kText));
  return fmt::format("  <testcase classname=\"cfgtool validate\" name=\"{}\" time=\"{:.3f}\">\n{}{}  </testcase>\n",
                     xml(item.name, XmlPlace::kAttribute), item.time.count(), failures, warnings);
}

std::string junit(const std::vector<CheckedItem>& items) {
  std::string tests;
  size_t failed = 0;
  std::chrono::duration<double> time{0};
  for (const CheckedItem& item : items) {
    tests += junit_test(item);
    failed += item.validation.has_errors() ? 1 : 0;
    time += item.time;
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuite name=\"cfgtool validate\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"0\" time=\"{:.3f}\">\n"
      "{}</testsuite>\n",
      items.size(), failed, time.count(), tests);
}

const std::vector<std::string>& report_formats() {
  static const std::vector<std::string> kFormats{"text", "json", "github", "sarif", "junit"};
  return kFormats;
}

}  // namespace

void add_report_flags(CLI::App& app, ReportFlags& flags) {
  app.add_option("--format", flags.format, "text, json, github, sarif or junit")
      ->check(CLI::IsMember(report_formats()).description(""))
      ->type_name("FORMAT")
      ->capture_default_str();
  app.add_flag("--json", flags.json, "Short for --format json");
}

std::string counted(size_t count, const std::string& noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string validation_report(const std::vector<CheckedItem>& items, const std::string& checked,
                              const std::string& format, bool color) {
  if (format == "sarif") return sarif(items);
  if (format == "junit") return junit(items);
  if (format == "json") return each_rendered(items, {DiagnosticFormat::kJson});
  if (format == "github") return each_rendered(items, {DiagnosticFormat::kGithub});
  return each_rendered(items, {DiagnosticFormat::kText, color}) + summary(items, checked);
}

}  // namespace cfgtool
