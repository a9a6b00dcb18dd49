# The lamb command in a container: docker build -t lamb4j . && docker run --rm --gpus all lamb4j bench
# Without --gpus it runs on the CPU and says so.

FROM maven:3.9.11-eclipse-temurin-17 AS build
WORKDIR /build
COPY . .
RUN scripts/package /lamb4j

# No toolkit and no cuBLAS: all that a step needs of CUDA is the driver, which the NVIDIA container toolkit brings in
# with --gpus. 12.6, as JCuda's native libraries: the image has the toolkit turn away a driver too old for them.
FROM nvidia/cuda:12.6.3-base-ubuntu24.04
LABEL org.opencontainers.image.title="lamb4j" \
      org.opencontainers.image.description="The LAMB optimizer for JCuda programs: the same bits on every GPU and on the CPU" \
      org.opencontainers.image.base.name="nvidia/cuda:12.6.3-base-ubuntu24.04"
ENV NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
COPY --from=build /lamb4j /opt/lamb4j
# By number, so that an orchestrator can see that it is not root. Nothing is written outside what lamb is told to
# write, so the root may be read-only; files to read and write are mounted at /data.
USER 10001:10001
WORKDIR /data
ENTRYPOINT ["/opt/lamb4j/bin/lamb"]
CMD ["info"]
