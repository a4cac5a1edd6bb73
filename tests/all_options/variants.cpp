#include "tests/all_options/variants.hpp"

#include <algorithm>

#include "config_engine/option_variants.hpp"

namespace cfgtool::test {

namespace {

/// As validate() does, but for values.
ComposedVariant compose_variant(const std::shared_ptr<FileStore>& store, ComposeRequest request,
                                const OptionVariant& variant, bool& composes) {
  std::vector<Diagnostic> passed_over;
  request.config_name = variant.config_name;
  request.overrides.insert(request.overrides.end(), variant.choices.begin(), variant.choices.end());
  request.skip_missing = true;
  request.passed_over = &passed_over;
  ComposedVariant composed{variant, {}};
  try {
    composed.choices = compose(store, request).defaults.known_choices;
    composes = passed_over.empty();
  } catch (const ConfigError&) {
    composes = false;
  }
  return composed;
}

}  // namespace

std::vector<ComposedLine> all_variants(const ComposeRequest& request) {
  const auto store = std::make_shared<FileStore>();
  OptionVariants variants(store, request);
  std::vector<ComposedLine> lines;
  const auto compose_round = [&](const std::vector<OptionVariant>& round) {
    std::vector<ComposedVariant> results;
    for (const OptionVariant& variant : round) {
      ComposedLine line{variant.command_line()};
      results.push_back(compose_variant(store, request, variant, line.composes));
      if (!variants.is_incomplete(results.back())) lines.push_back(std::move(line));
    }
    return results;
  };
  for (std::vector<OptionVariant> round = variants.first_round(); !round.empty();)
    round = variants.next_round(compose_round(round));
  std::sort(lines.begin(), lines.end(), [](const auto& a, const auto& b) { return a.line < b.line; });
  return lines;
}

}  // namespace cfgtool::test
