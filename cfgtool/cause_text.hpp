/// \file
/// The places that set a value, as JSON and as text for people; shared by explain, diff and keys.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "config_engine/provenance.hpp"

namespace cfgtool {

/// `{"kind": "file"|"override"|"environment"|"flag"|"builtin", "file": …, "line": …, "column": …, "index": …}`, for a
/// config with its name, its package and `chosen_by`, the place of the defaults entry or override that pulled it in;
/// `via` is the place of the alias that brought the value.
nlohmann::ordered_json cause_json(const Composition& composition, const ValueCause& cause);
nlohmann::ordered_json place_json(const SourceLocation& at);
/// `set_by` and `history`, each place as above; with `deleted` where an override deleted what was there, and with `key`
/// where it is not the value's: that of a list, scalar or interpolation above it, or of what an interpolation there led
/// to.
nlohmann::ordered_json chain_json(const Composition& composition, const ValueProvenance& found);
nlohmann::ordered_json reads_json(const Composition& composition, const std::vector<ValueRead>& reads);

/// Lines for people.
class CausePainter {
 public:
  /// \param cuts long source lines and values that are read are cut short, as on a terminal
  CausePainter(const Composition& composition, bool color, bool cuts = false)
      : composition_(composition), color_(color), cuts_(cuts) {}

  std::string key(std::string_view text) const { return paint("1", text); }
  std::string bad(std::string_view text) const { return paint("1;31", text); }

  /// The newest first: what set the value, then what that replaced.
  std::string causes(const ValueProvenance& found) const;
  std::string reads(const std::vector<ValueRead>& reads, size_t depth) const;
  /// `conf/db/mysql.yaml:3:7`, `override 2:5`.
  std::string place(const ValueCause& cause) const;

 private:
  std::string paint(std::string_view code, std::string_view text) const;
  std::string cause(std::string_view title, const ValueCause& cause, std::string_view own_key) const;
  std::string source_line(const SourceLocation& at) const;

  const Composition& composition_;
  bool color_;
  bool cuts_;
};

}  // namespace cfgtool
