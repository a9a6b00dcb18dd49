package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.DeviceArray;
import io.github.lamb4j.model.HostArray;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.Scalar;
import java.util.function.ToIntFunction;
import jcuda.driver.CUdeviceptr;

/** Where a model is stored and trained, so that one test runs on the CPU and on CUDA. */
abstract class Side {

  /** All sides. */
  enum Where {
    CPU,
    SINGLE_PASS,
    TWO_PASS,
    MIRRORED;

    /** This side; the CPU does not use the device. */
    Side on(TestDevice device) {
      return switch (this) {
        case CPU -> cpu();
        case MIRRORED -> mirrored(device, StepPath.SINGLE_PASS);
        default -> cuda(device, StepPath.valueOf(name()));
      };
    }
  }

  /** On the CPU. */
  static Side cpu() {
    return new HostSide() {
      @Override
      LambBuilder builder() {
        return Lamb.onCpu().threads(2);
      }
    };
  }

  /** On a device, with arrays on the host. */
  static Side mirrored(TestDevice device, StepPath path) {
    return new HostSide() {
      @Override
      LambBuilder builder() {
        return LambBuilders.staged(device.driver()).path(path);
      }
    };
  }

  /** On a device, with device pointers. */
  static Side cuda(TestDevice device, StepPath path) {
    return cuda(device, path, purpose -> 0);
  }

  /**
   * On a device, with pointers that may be unaligned.
   *
   * @param offsets by an array's purpose, how many elements it lies from an aligned address
   */
  static Side cuda(TestDevice device, StepPath path, ToIntFunction<Purpose> offsets) {
    return new DeviceSide(device, path, offsets);
  }

  abstract LambBuilder builder();

  /** Creates an array of zeros. */
  abstract TestArray array(DType type, int count, Purpose purpose, String owner);

  /** An array of zeros that is not a parameter's. */
  final TestArray array(DType type, int count, String name) {
    return array(type, count, Purpose.OTHER, name);
  }

  /**
   * Creates a parameter of such arrays.
   *
   * @param modelCopy null for none
   */
  abstract Parameter parameter(
      String name, TestArray weights, TestArray gradients, TestArray modelCopy);

  /** The first element of an array. */
  abstract Scalar scalar(TestArray array);

  private abstract static class HostSide extends Side {
    @Override
    TestArray array(DType type, int count, Purpose purpose, String owner) {
      return TestArray.onHost(type, count);
    }

    @Override
    Parameter parameter(String name, TestArray weights, TestArray gradients, TestArray modelCopy) {
      var p = Parameter.onHost(name, (HostArray) weights.array(), (HostArray) gradients.array());
      return modelCopy == null ? p : p.withModelCopy((HostArray) modelCopy.array());
    }

    @Override
    Scalar scalar(TestArray array) {
      return Scalar.onHost(((HostArray) array.array()).floats());
    }
  }

  private static final class DeviceSide extends Side {
    private final TestDevice device;
    private final StepPath path;
    private final ToIntFunction<Purpose> offsets;

    DeviceSide(TestDevice device, StepPath path, ToIntFunction<Purpose> offsets) {
      this.device = device;
      this.path = path;
      this.offsets = offsets;
    }

    @Override
    LambBuilder builder() {
      return LambBuilders.onCuda(device.driver(), device.stream()).path(path);
    }

    @Override
    TestArray array(DType type, int count, Purpose purpose, String owner) {
      return TestArray.onDevice(device, type, count, offsets.applyAsInt(purpose), purpose, owner);
    }

    @Override
    Parameter parameter(String name, TestArray weights, TestArray gradients, TestArray modelCopy) {
      DeviceArray g = (DeviceArray) gradients.array();
      var p = Parameter.onDevice(name, (DeviceArray) weights.array(), g, weights.count);
      return modelCopy == null ? p : p.withModelCopy(pointer(modelCopy), modelCopy.type);
    }

    @Override
    Scalar scalar(TestArray array) {
      return Scalar.onDevice(pointer(array));
    }

    private static CUdeviceptr pointer(TestArray array) {
      return new CUdeviceptr().withByteOffset(((DeviceArray) array.array()).address());
    }
  }
}
