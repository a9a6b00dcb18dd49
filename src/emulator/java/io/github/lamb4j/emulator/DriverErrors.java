package io.github.lamb4j.emulator;

import io.github.lamb4j.emulator.EmulatedDriver.Call;
import io.github.lamb4j.error.CudaException;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;

/** The driver's error codes, and the calls that a test makes fail. */
final class DriverErrors {

  static final int INVALID_VALUE = 1;
  static final int OUT_OF_MEMORY = 2;
  static final int INVALID_DEVICE = 101;
  static final int INVALID_CONTEXT = 201;
  static final int NO_BINARY_FOR_GPU = 209;
  static final int UNSUPPORTED_PTX_VERSION = 222;
  static final int INVALID_HANDLE = 400;
  static final int NOT_FOUND = 500;
  static final int STREAM_CAPTURE_UNSUPPORTED = 900;
  static final int STREAM_CAPTURE_INVALIDATED = 901;
  static final int STREAM_CAPTURE_IMPLICIT = 906;

  private static final Map<Integer, String> NAMES = new HashMap<>();

  static {
    NAMES.put(INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE");
    NAMES.put(OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY");
    NAMES.put(INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE");
    NAMES.put(INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT");
    NAMES.put(NO_BINARY_FOR_GPU, "CUDA_ERROR_NO_BINARY_FOR_GPU");
    NAMES.put(UNSUPPORTED_PTX_VERSION, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION");
    NAMES.put(INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE");
    NAMES.put(NOT_FOUND, "CUDA_ERROR_NOT_FOUND");
    NAMES.put(STREAM_CAPTURE_UNSUPPORTED, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED");
    NAMES.put(STREAM_CAPTURE_INVALIDATED, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED");
    NAMES.put(STREAM_CAPTURE_IMPLICIT, "CUDA_ERROR_STREAM_CAPTURE_IMPLICIT");
    NAMES.put(700, "CUDA_ERROR_ILLEGAL_ADDRESS");
    NAMES.put(719, "CUDA_ERROR_LAUNCH_FAILED");
  }

  /** A failure that occurs after a number of successful calls. */
  private record Failure(int code, int callsBefore) {}

  private final Map<Call, Failure> failures = new EnumMap<>(Call.class);

  void fail(Call call, int nth, int code) {
    failures.put(call, new Failure(code, nth - 1));
  }

  void failIfAsked(Call call, String doing) {
    Failure failure = failures.remove(call);
    if (failure == null) return;
    if (failure.callsBefore() == 0) throw failed(call, failure.code(), doing);
    failures.put(call, new Failure(failure.code(), failure.callsBefore() - 1));
  }

  static CudaException failed(Call call, int code, String doing) {
    return new CudaException(call.entryPoint, code, NAMES.getOrDefault(code, "CUresult"), doing);
  }
}
