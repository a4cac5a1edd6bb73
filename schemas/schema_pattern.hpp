/// \file
/// The regular expressions of schemas: ECMA 262's, matched with limits, so that no pattern and no text can hang or
/// crash the check.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace cfgtool {

class SchemaPattern {
 public:
  struct Fault {
    std::string message;
    size_t offset = 0;  ///< into the pattern, in bytes
  };

  /// \param fault what is wrong with it, if this gives nothing
  static std::shared_ptr<const SchemaPattern> compile(std::string_view pattern, Fault* fault);
  ~SchemaPattern();
  SchemaPattern(const SchemaPattern&) = delete;
  SchemaPattern& operator=(const SchemaPattern&) = delete;

  /// Whether it is found anywhere in `text`. Nothing if that cannot be said within the limits, or `text` is no UTF-8.
  /// \param steps_left what it may take at most, some ten nanoseconds each; less afterwards by what it took
  std::optional<bool> found_in(std::string_view text, size_t& steps_left) const;

 private:
  struct Code;
  explicit SchemaPattern(std::unique_ptr<Code> code);
  std::unique_ptr<Code> code_;
};

}  // namespace cfgtool
