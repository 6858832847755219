from authlib.integrations.starlette_client import OAuth, OAuthError
from fastapi import FastAPI, Request
from starlette.middleware.sessions import SessionMiddleware

app = FastAPI()
app.add_middleware(SessionMiddleware, secret_key="a long random value of your own")
haihe = OAuth().register(
    "haihe",
    client_id="demo-web",
    client_secret="demo-web-secret-not-for-production",
    server_metadata_url="http://127.0.0.1:8000/.well-known/openid-configuration",
    client_kwargs={"scope": "openid profile legal_person", "code_challenge_method": "S256"},
)

@app.get("/")
async def home(request: Request):
    return await haihe.authorize_redirect(request, "http://127.0.0.1:4999/cb")

@app.get("/cb")
async def signed_in(request: Request):
    try:
        return (await haihe.authorize_access_token(request))["userinfo"]
    except OAuthError as refused:  # the person may say no
        return {"refused": refused.error}
