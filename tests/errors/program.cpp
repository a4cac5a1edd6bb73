// A program that embeds the engine, for the codes that only such a program meets: its resolvers, its job and its log.
#include <stdexcept>
#include <string>

#include "config_engine/hydra_main.hpp"

namespace {

int job(const cfgtool::Config& config) {
  const auto size = config.get<int64_t>("batch_size");
  if (size % 8 != 0) config.at("batch_size").refuse("the batch size must be a multiple of 8");
  if (config.contains("broken")) throw std::runtime_error("the job is broken");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  cfgtool::HydraApp app;
  app.name = "train";
  app.config_path = ".";
  app.config_name = "config";
  app.resolvers.add("fail",
                    [](cfgtool::ResolverCall&) -> cfgtool::NodeId { throw std::runtime_error("it is broken"); });
  return cfgtool::hydra_main(argc, argv, app, job);
}
