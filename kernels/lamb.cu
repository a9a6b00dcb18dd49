// The only module: all kernels, in the order in which a step runs them.
#include "gradient_norm.cuh"
#include "begin_step.cuh"
#include "moments.cuh"
#include "trust_ratio.cuh"
#include "apply.cuh"
#include "single_pass.cuh"
#include "accumulate.cuh"
#include "move_arrays.cuh"
