package io.github.lamb4j.internal.cuda.driver;

import static jcuda.driver.JCudaDriver.cuEventDestroy;
import static jcuda.driver.JCudaDriver.cuEventRecord;
import static jcuda.driver.JCudaDriver.cuEventSynchronize;
import static jcuda.driver.JCudaDriver.cuStreamWaitEvent;

import io.github.lamb4j.error.CudaException;
import jcuda.driver.CUevent;

/** An event through JCuda. */
final class JCudaOrderingEvent implements CudaDriver.OrderingEvent {

  private final CUevent event;

  JCudaOrderingEvent(CUevent event) {
    this.event = event;
  }

  @Override
  public void record(CudaStream stream) {
    int code;
    try {
      code = cuEventRecord(event, stream.handle());
    } catch (jcuda.CudaException e) {
      code = Results.codeOf(e);
    }
    check("cuEventRecord", code, "recording an event");
  }

  @Override
  public void delay(CudaStream stream) {
    int code;
    try {
      code = cuStreamWaitEvent(stream.handle(), event, 0);
    } catch (jcuda.CudaException e) {
      code = Results.codeOf(e);
    }
    check("cuStreamWaitEvent", code, "ordering a stream after an event");
  }

  @Override
  public void await() {
    check(
        "cuEventSynchronize",
        Results.codeOf(() -> cuEventSynchronize(event)),
        "waiting for an event");
  }

  @Override
  public void destroy() {
    check("cuEventDestroy", Results.codeOf(() -> cuEventDestroy(event)), "destroying an event");
  }

  private static void check(String call, int code, String doing) {
    if (code != 0) {
      throw new CudaException(call, code, Results.nameOf(code), doing);
    }
  }
}
