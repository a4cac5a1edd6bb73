/// \file
/// The mark of functions that nvcc compiles for the GPU too; for other compilers it is nothing.
#pragma once

#ifdef __CUDACC__
#define CFGTOOL_HOST_DEVICE __host__ __device__
#else
#define CFGTOOL_HOST_DEVICE
#endif
