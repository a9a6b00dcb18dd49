package io.github.lamb4j.internal.cuda.driver;

import static io.github.lamb4j.internal.cuda.driver.Results.check;
import static jcuda.driver.JCudaDriver.cuCtxGetCurrent;
import static jcuda.driver.JCudaDriver.cuCtxSetCurrent;
import static jcuda.driver.JCudaDriver.cuDeviceGet;
import static jcuda.driver.JCudaDriver.cuDevicePrimaryCtxRelease;
import static jcuda.driver.JCudaDriver.cuDevicePrimaryCtxRetain;

import io.github.lamb4j.error.CudaException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;

/** The contexts of {@link JCudaDriver}; {@link CudaDriver} describes the calls. */
final class JCudaContexts {

  /** Exposes the handle of a context. One per thread, so that looking it up allocates nothing. */
  static final class Context extends CUcontext {
    long handle() {
      return getNativePointer();
    }
  }

  /** Of the whole process: one driver object must know a context that another one retained. */
  private static final Map<Integer, Context> PRIMARY = new ConcurrentHashMap<>();

  private final ThreadLocal<Context> current = ThreadLocal.withInitial(Context::new);

  Context current() {
    Context context = current.get();
    int code;
    try {
      code = cuCtxGetCurrent(context);
    } catch (jcuda.CudaException e) {
      code = Results.codeOf(e);
    }
    if (code != 0) {
      throw new CudaException(
          "cuCtxGetCurrent", code, Results.nameOf(code), "looking up the current context");
    }
    return context;
  }

  void retainPrimary(int device) {
    Context context = new Context();
    check(
        "cuDevicePrimaryCtxRetain",
        makingCurrent(device),
        () -> cuDevicePrimaryCtxRetain(context, device(device)));
    PRIMARY.put(device, context);
    makePrimaryCurrent(device);
  }

  void makePrimaryCurrent(int device) {
    check("cuCtxSetCurrent", makingCurrent(device), () -> cuCtxSetCurrent(PRIMARY.get(device)));
  }

  private static String makingCurrent(int device) {
    return "making the primary context of device " + device + " current";
  }

  boolean isPrimaryCurrent(int device) {
    Context primary = PRIMARY.get(device);
    return primary != null && primary.handle() == current().handle();
  }

  void dropPrimary(int device) {
    check(
        "cuDevicePrimaryCtxRelease",
        releasing(device),
        () -> cuDevicePrimaryCtxRelease(device(device)));
  }

  void releasePrimary(int device) {
    check("cuCtxSetCurrent", releasing(device), () -> cuCtxSetCurrent(new CUcontext()));
    dropPrimary(device);
  }

  private static String releasing(int device) {
    return "releasing the primary context of device " + device;
  }

  private static CUdevice device(int ordinal) {
    CUdevice device = new CUdevice();
    check("cuDeviceGet", "looking up device " + ordinal, () -> cuDeviceGet(device, ordinal));
    return device;
  }
}
