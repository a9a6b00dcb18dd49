// The kernels of the training example, in the order in which a step runs them; its matrix products are cuBLAS calls.
// CPU twins: HostKernels.java.
//
// One thread computes one element, or one example where it says so, so that every sum has one order and needs no atomics.
// Matrices are row-major, with one row per example of the batch. `order` lists the examples of an epoch, and `first` is
// the batch's first place in it. `starts[e]` to `starts[e + 1]` are the places of example e's tokens in `tokens`.
#include "embedding.cuh"
#include "hidden.cuh"
#include "softmax.cuh"
