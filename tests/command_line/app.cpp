// The smallest program that embeds the engine, as app.py beside it is the smallest that uses Hydra.
#include "config_engine/hydra_main.hpp"

int main(int argc, char** argv) {
  cfgtool::HydraApp app;
  app.name = "app";
  app.version = "7.8";
  return cfgtool::hydra_main(argc, argv, app, [](const cfgtool::Config&) { return 0; });
}
