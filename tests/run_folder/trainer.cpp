// The C++ twin of trainer.py.
#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>

#include "config_engine/hydra_main.hpp"

namespace {

std::string variable(const char* name, const char* otherwise) {
  const char* const value = std::getenv(name);
  return value ? value : otherwise;
}

int train(const cfgtool::Job& job) {
  const cfgtool::Logger data_log = job.log.named("trainer.data");
  const auto name = job.config.get<std::string>("name");
  for (int64_t epoch = 0; epoch < job.config.get<int64_t>("epochs"); ++epoch) {
    job.log.info(fmt::format("epoch {} of {}, lr {}", epoch + 1, name, job.config.get<double>("lr")));
    data_log.debug(fmt::format("batch {}", epoch));
  }
  data_log.warning("the last batch is small");
  std::ofstream("checkpoint.txt") << job.config.get<std::string>("note") << "\nLEVEL=" << variable("LEVEL", "unset")
                                  << "\n";
  if (!job.config.get<bool>("fail")) return 0;
  job.log.error("diverged");
  throw std::runtime_error("the loss is not finite");
}

}  // namespace

int main(int argc, char** argv) {
  cfgtool::HydraApp app;
  app.name = "trainer";
  app.config_path = TRAINER_CONFIG;
  app.config_name = "config";
  app.version_base = variable("VERSION_BASE", "1.3");
  return cfgtool::hydra_main(argc, argv, app, train);
}
