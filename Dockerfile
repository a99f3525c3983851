# An image of what `kedro package` makes, without the project itself.
#
#   kedro package && docker build --tag casebook .
#   docker run --rm --volume "$PWD/data:/work/data" --volume "$PWD/mlruns:/work/mlruns" casebook run --pipelines=redhat
#   docker run --rm --volume "$PWD/mlruns:/work/mlruns" --publish 5001:5001 casebook serve redhat --host 0.0.0.0
FROM python:3.11-slim AS build
# Of a private index, where there is one.
ARG PIP_INDEX_URL
ARG UV_DEFAULT_INDEX
# Byte code is made here: whoever runs the image may not write it, and without it every start takes twice as long.
# It is used as it is, whatever time a copied file gets.
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_NO_CACHE=1 PYC_INVALIDATION_MODE=UNCHECKED_HASH
WORKDIR /build
COPY requirements-uv.txt ./
RUN pip install --no-cache-dir --require-hashes --requirement requirements-uv.txt \
    && python -m venv --without-pip /opt/casebook
COPY pyproject.toml requirements.lock ./
# The lock pins the tests' packages too; as constraints, its hashes hold for those that these extras need.
RUN uv pip install --python /opt/casebook/bin/python --constraint requirements.lock \
    --requirement pyproject.toml --extra serve --extra postgres --extra cluster
COPY dist/casebook-*.whl dist/conf-casebook.tar.gz ./
RUN uv pip install --python /opt/casebook/bin/python --no-deps ./casebook-*.whl \
    && tar --extract --gzip --file conf-casebook.tar.gz --directory /opt/casebook

FROM python:3.11-slim
# OpenMP, which LightGBM's wheel does not bring.
RUN apt-get update && apt-get install --yes --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 casebook \
    && install --directory --owner casebook /work /work/data /work/mlruns
COPY --from=build /opt/casebook /opt/casebook
ENV PATH=/opt/casebook/bin:$PATH \
    CASEBOOK_CONF=/opt/casebook/conf \
    KEDRO_LOGGING_CONFIG=/opt/casebook/conf/logging.yml
USER 1000:1000
WORKDIR /work
EXPOSE 5001
ENTRYPOINT ["casebook"]
CMD ["--help"]
