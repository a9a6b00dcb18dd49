/**
 * The training example on CUDA: how a JCuda program uses the optimizer. Parameters, gradients,
 * activations and examples stay on the device; the forward and backward passes are cuBLAS calls and
 * a few kernels ({@code kernels/train}) on one stream, and the optimizer's steps are enqueued on
 * the same stream. Start reading at {@link io.github.lamb4j.tools.train.cuda.DeviceClassifier}.
 */
package io.github.lamb4j.tools.train.cuda;
