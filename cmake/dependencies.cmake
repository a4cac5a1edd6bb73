# Everything here comes from Debian 12's packages; `./quickstart deps` installs them.
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(Threads REQUIRED)

# CUDA and cuDNN are used where they are found; everything else builds without them.
find_package(CUDAToolkit QUIET)
