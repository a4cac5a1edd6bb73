// What @hydra.main is to a Python program, in C++: one call reads the command line, composes the configuration and
// hands it over.
//
//   embedded_parser                                  the configuration as it is written
//   embedded_parser model=large optim.lr=1e-4        with overrides
//   embedded_parser --cfg job                        Hydra's flags work too
#include <cstdint>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "config_engine/hydra_main.hpp"
#include "schemas/validation.hpp"

namespace {

void print_model(const cfgtool::Config& cfg) {
  std::cout << "model " << cfg.get<std::string>("model.name") << "\n";
  // A section of the configuration, member by member, with the place where each value was written.
  for (const cfgtool::ConfigValue& value : cfg.at("model").children()) {
    if (value.kind() == cfgtool::NodeKind::kInt)
      std::cout << "  " << value.key() << " = " << value.as<int64_t>() << "   (" << value.origin() << ")\n";
  }
}

void print_optimizer(const cfgtool::Config& cfg) {
  std::cout << "learning rate " << cfg.get<double>("optim.lr");
  // Only some optimizers have these: what may be absent is an optional.
  if (const auto betas = cfg.find<std::vector<double>>("optim.betas"))
    for (const double beta : *betas)
      std::cout << ", beta " << beta;
  if (const auto momentum = cfg.find<double>("optim.momentum")) std::cout << ", momentum " << *momentum;
  std::cout << ", weight decay " << cfg.get_or("optim.weight_decay", 0.0) << "\n";
  // Where it comes from: every place that set it, the last of which holds.
  for (const cfgtool::ValueCause& cause : cfg.at("optim.lr").provenance().causes)
    std::cout << "  the learning rate was set at " << cfgtool::to_string(cause.at) << "\n";
}

int64_t sequence_length(const cfgtool::Config& cfg) {
  const auto batch_size = cfg.get<int64_t>("data.batch_size");
  const auto tokens = cfg.get<int64_t>("data.tokens_per_step");
  // What only the program can know it refuses in the same form, at the place where the value was written.
  if (batch_size < 1 || tokens % batch_size != 0)
    cfg.at("data.batch_size").refuse("data.batch_size must divide data.tokens_per_step, " + std::to_string(tokens));
  return tokens / batch_size;
}

int train(const cfgtool::Config& cfg) {
  std::cout << "run " << cfg.get<std::string>("run_name") << "\n";
  print_model(cfg);
  print_optimizer(cfg);
  for (const auto& file : cfg.get<std::vector<std::string>>("data.files"))
    std::cout << "reading " << file << "\n";
  std::cout << sequence_length(cfg) << " tokens in each sequence\n";
  const std::optional<int64_t> max_steps = cfg.find<int64_t>("max_steps");
  std::cout << (max_steps ? "stops after " + std::to_string(*max_steps) + " steps\n" : "stops never\n");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  cfgtool::HydraApp app;
  app.description = "Shows how a program reads its configuration with cfgtool";
  app.config_path = CONFIG_FOLDER;
  app.config_name = "config";
  // Before anything runs: all that does not fit, at once, each at its place.
  app.check = cfgtool::checked_by(CONFIG_SCHEMA);
  return cfgtool::hydra_main(argc, argv, app, train);
}
