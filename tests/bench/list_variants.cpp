/// \file
/// What `cfgtool validate --all-options` composes: a variant a line, the name of its primary config and its overrides
/// with tabs between them.
///
///   list_variants FOLDER
#include <cstdio>

#include "config_engine/option_variants.hpp"
#include "schemas/validation.hpp"

using namespace cfgtool;

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: list_variants FOLDER\n");
    return 2;
  }
  const auto store = std::make_shared<FileStore>();
  ComposeRequest folder;
  folder.config_dirs = {argv[1]};
  OptionVariants variants(store, folder);
  const auto print = [](const OptionVariant& variant) {
    std::printf("%s", variant.config_name.c_str());
    for (const std::string& choice : variant.choices)
      std::printf("\t%s", choice.c_str());
    std::printf("\n");
  };
  for (std::vector<OptionVariant> round = variants.first_round(); !round.empty();) {
    std::vector<ComposedVariant> composed;
    for (const OptionVariant& variant : round) {
      ComposeRequest request = folder;
      request.config_name = variant.config_name;
      request.overrides = variant.choices;
      request.skip_missing = true;
      const Validation validation = validate(store, request, nullptr);
      composed.push_back({variant, {}});
      if (validation.composition) composed.back().choices = validation.composition->defaults.known_choices;
      if (!variants.is_incomplete(composed.back())) print(variant);
    }
    round = variants.next_round(composed);
  }
  return 0;
}
