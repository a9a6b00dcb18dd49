/** The LAMB optimizer for programs that train neural networks through JCuda, or on the CPU. */
module io.github.lamb4j {
  // Optional: only CUDA programs need JCuda. Not transitive, because CPU programs would not compile
  // without it.
  requires static jcuda;
  // Optional: only training in several processes needs JNA.
  requires static com.sun.jna;
  requires com.fasterxml.jackson.core;
  requires jdk.jfr;
  requires org.slf4j;

  exports io.github.lamb4j;
  exports io.github.lamb4j.config;
  exports io.github.lamb4j.error;
  exports io.github.lamb4j.model;
  exports io.github.lamb4j.page;
  exports io.github.lamb4j.report;
  exports io.github.lamb4j.schedule;
  exports io.github.lamb4j.sharding;

  // JNA reads structures by reflection.
  exports io.github.lamb4j.internal.nccl to
      com.sun.jna;

  uses io.github.lamb4j.internal.spi.BackendProvider;

  provides io.github.lamb4j.internal.spi.BackendProvider with
      io.github.lamb4j.internal.cpu.CpuProvider,
      io.github.lamb4j.internal.cuda.CudaProvider;
}
