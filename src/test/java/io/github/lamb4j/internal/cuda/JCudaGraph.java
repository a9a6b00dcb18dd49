package io.github.lamb4j.internal.cuda;

import static jcuda.driver.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL;
import static jcuda.driver.JCudaDriver.cuGraphDestroy;
import static jcuda.driver.JCudaDriver.cuGraphExecDestroy;
import static jcuda.driver.JCudaDriver.cuGraphInstantiate;
import static jcuda.driver.JCudaDriver.cuGraphLaunch;
import static jcuda.driver.JCudaDriver.cuStreamBeginCapture;
import static jcuda.driver.JCudaDriver.cuStreamEndCapture;

import io.github.lamb4j.emulator.Graph;
import io.github.lamb4j.error.CudaException;
import io.github.lamb4j.internal.cuda.driver.Results;
import java.util.function.IntSupplier;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstream;

/** A CUDA graph, captured through JCuda on a GPU. */
final class JCudaGraph implements Graph {

  private final CUstream stream;
  private final CUgraphExec executable;

  private JCudaGraph(CUstream stream, CUgraphExec executable) {
    this.stream = stream;
    this.executable = executable;
  }

  /** Records the work enqueued on the stream without running it. */
  static Graph capture(CUstream stream, Runnable work) {
    check(
        "cuStreamBeginCapture",
        () -> cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
    CUgraph graph = new CUgraph();
    try {
      work.run();
    } catch (RuntimeException | Error e) {
      if (Results.codeOf(() -> cuStreamEndCapture(stream, graph)) == 0) {
        Results.codeOf(() -> cuGraphDestroy(graph));
      }
      throw e;
    }
    check("cuStreamEndCapture", () -> cuStreamEndCapture(stream, graph));
    CUgraphExec executable = new CUgraphExec();
    try {
      check("cuGraphInstantiate", () -> cuGraphInstantiate(executable, graph, 0));
    } finally {
      Results.codeOf(() -> cuGraphDestroy(graph));
    }
    return new JCudaGraph(stream, executable);
  }

  @Override
  public void replay() {
    check("cuGraphLaunch", () -> cuGraphLaunch(executable, stream));
  }

  @Override
  public void close() {
    check("cuGraphExecDestroy", () -> cuGraphExecDestroy(executable));
  }

  private static void check(String call, IntSupplier invocation) {
    int code = Results.codeOf(invocation);
    if (code != 0) {
      throw new CudaException(call, code, Results.nameOf(code), "using a CUDA graph");
    }
  }
}
