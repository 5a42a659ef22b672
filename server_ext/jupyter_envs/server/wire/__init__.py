"""What is sent: values of the engine, the jobs and the kernels as JSON-able data. Pure; one module per resource."""
