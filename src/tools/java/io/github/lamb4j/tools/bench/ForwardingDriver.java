package io.github.lamb4j.tools.bench;

import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import java.nio.ByteBuffer;

/** A driver that forwards every call to another driver. */
public class ForwardingDriver implements CudaDriver {

  private final CudaDriver driver;

  protected ForwardingDriver(CudaDriver driver) {
    this.driver = driver;
  }

  @Override
  public long currentContext() {
    return driver.currentContext();
  }

  @Override
  public void retainPrimaryContext(int device) {
    driver.retainPrimaryContext(device);
  }

  @Override
  public void makePrimaryContextCurrent(int device) {
    driver.makePrimaryContextCurrent(device);
  }

  @Override
  public boolean isPrimaryContextCurrent(int device) {
    return driver.isPrimaryContextCurrent(device);
  }

  @Override
  public void dropPrimaryContext(int device) {
    driver.dropPrimaryContext(device);
  }

  @Override
  public void releasePrimaryContext(int device) {
    driver.releasePrimaryContext(device);
  }

  @Override
  public int driverVersion() {
    return driver.driverVersion();
  }

  @Override
  public String deviceName() {
    return driver.deviceName();
  }

  @Override
  public int attribute(DeviceAttribute attribute) {
    return driver.attribute(attribute);
  }

  @Override
  public DeviceMemory memory() {
    return driver.memory();
  }

  @Override
  public boolean isHostMemory(long address) {
    return driver.isHostMemory(address);
  }

  @Override
  public DeviceRange rangeOf(long address) {
    return driver.rangeOf(address);
  }

  @Override
  public DeviceRange reservationOf(long address) {
    return driver.reservationOf(address);
  }

  @Override
  public long allocate(long bytes, Purpose purpose, String owner) {
    return driver.allocate(bytes, purpose, owner);
  }

  @Override
  public void free(long address) {
    driver.free(address);
  }

  @Override
  public void copyToDevice(long target, ByteBuffer source, CudaStream stream) {
    driver.copyToDevice(target, source, stream);
  }

  @Override
  public void copyToHost(ByteBuffer target, long source, CudaStream stream) {
    driver.copyToHost(target, source, stream);
  }

  @Override
  public PinnedMemory allocatePinned(int bytes) {
    return driver.allocatePinned(bytes);
  }

  @Override
  public void enqueueToDevice(long target, ByteBuffer source, CudaStream stream) {
    driver.enqueueToDevice(target, source, stream);
  }

  @Override
  public void enqueueToHost(ByteBuffer target, long source, CudaStream stream) {
    driver.enqueueToHost(target, source, stream);
  }

  @Override
  public void copyOnDevice(long target, long source, long bytes, CudaStream stream) {
    driver.copyOnDevice(target, source, bytes, stream);
  }

  @Override
  public void clear(long address, long bytes, CudaStream stream) {
    driver.clear(address, bytes, stream);
  }

  @Override
  public long loadModule(byte[] ptx) {
    return driver.loadModule(ptx);
  }

  @Override
  public void unloadModule(long module) {
    driver.unloadModule(module);
  }

  @Override
  public long function(long module, String name) {
    return driver.function(module, name);
  }

  @Override
  public Launch prepare(
      long function, String name, int grid, int threads, int sharedBytes, ByteBuffer... arguments) {
    return driver.prepare(function, name, grid, threads, sharedBytes, arguments);
  }

  @Override
  public boolean isCapturing(CudaStream stream) {
    return driver.isCapturing(stream);
  }

  @Override
  public boolean isIdle(CudaStream stream) {
    return driver.isIdle(stream);
  }

  @Override
  public void synchronize(CudaStream stream) {
    driver.synchronize(stream);
  }

  @Override
  public long createEvent() {
    return driver.createEvent();
  }

  @Override
  public OrderingEvent createOrderingEvent() {
    return driver.createOrderingEvent();
  }

  @Override
  public void recordEvent(long event, CudaStream stream) {
    driver.recordEvent(event, stream);
  }

  @Override
  public float elapsedMillis(long start, long end) {
    return driver.elapsedMillis(start, end);
  }

  @Override
  public void destroyEvent(long event) {
    driver.destroyEvent(event);
  }
}
